package check

// A cost is what looking at files takes of what an archive may spend on that, or what
// is left of it.
type cost struct {
	marks  int   // of YAML that Helm reads, see inspectYAML
	nodes  int   // of the same with aliases expanded, see extent
	text   int64 // of the same, in bytes
	effort effort
}

// maxCost is what one archive may spend.
var maxCost = cost{marks: maxYAMLMarksTotal, nodes: maxYAMLNodesTotal, text: maxYAMLTextTotal, effort: maxEffort}

// minus is what is left of c after o was spent.
func (c cost) minus(o cost) cost {
	return cost{c.marks - o.marks, c.nodes - o.nodes, c.text - o.text, c.effort.minus(o.effort)}
}

// overspent reports whether more was spent than there was.
func (c cost) overspent() bool {
	return c.marks < 0 || c.nodes < 0 || c.text < 0 || c.effort.overspent()
}

func (e effort) minus(o effort) effort {
	return effort{
		e.templates - o.templates, e.actions - o.actions, e.manifests - o.manifests,
		e.marks - o.marks, e.schemas - o.schemas, e.nodes - o.nodes,
	}
}

func (e effort) overspent() bool {
	return min(e.templates, e.actions, e.manifests, e.marks, e.schemas, e.nodes) < 0
}
