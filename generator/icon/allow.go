package icon

import "strings"

// elements are the elements that a drawing may hold.
var elements = set("g defs symbol use path rect circle ellipse line polyline polygon text tspan linearGradient radialGradient stop clipPath mask")

// geometry are attributes that only attributes can give.
var geometry = set(`id href viewBox preserveAspectRatio x y x1 y1 x2 y2 cx cy r rx ry fx fy fr dx dy width height d points
	transform gradientTransform gradientUnits spreadMethod offset clipPathUnits maskUnits maskContentUnits`)

// properties are attributes that styles can give, too.
var properties = set(`fill fill-rule fill-opacity stroke stroke-width stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray
	stroke-dashoffset stroke-opacity opacity color stop-color stop-opacity clip-path clip-rule mask display visibility overflow paint-order
	vector-effect shape-rendering font-family font-size font-weight font-style text-anchor dominant-baseline letter-spacing`)

func set(names string) map[string]bool {
	all := map[string]bool{}
	for _, name := range strings.Fields(names) {
		all[name] = true
	}
	return all
}
