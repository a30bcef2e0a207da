package shim

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what the shim counts. No label has a value that a client can choose.
type metrics struct {
	registry      *prometheus.Registry
	requests      *prometheus.CounterVec   // by route, method and code
	seconds       *prometheus.HistogramVec // by route
	uploads       *prometheus.CounterVec   // by result: taken, or the rule that was broken
	actions       *prometheus.CounterVec   // by kind and result
	received      prometheus.Counter
	refusedLogins prometheus.Counter
	runs          *prometheus.CounterVec // of the generator, by result
	runSeconds    prometheus.Histogram
	notifications *prometheus.CounterVec // attempts to start the generator's job, by result
}

func newMetrics(s *Shim) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portolan_http_requests_total", Help: "Requests answered."}, []string{"route", "method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "portolan_http_request_duration_seconds", Help: "Time from a request to the end of its answer.",
			Buckets: prometheus.DefBuckets}, []string{"route"}),
		uploads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portolan_uploads_total", Help: "Uploads, by result: taken, or the rule that they broke."}, []string{"result"}),
		actions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portolan_actions_total", Help: "Requests for actions, by kind, if that is known, and by result: taken, or the rule that they broke."}, []string{"kind", "result"}),
		received: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "portolan_upload_bytes_total", Help: "Bytes of uploads received."}),
		refusedLogins: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "portolan_auth_failures_total", Help: "Requests with wrong credentials."}),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portolan_generate_runs_total", Help: "Runs of the generator."}, []string{"result"}),
		runSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "portolan_generate_duration_seconds", Help: "Time that a run of the generator took.",
			Buckets: prometheus.ExponentialBuckets(0.01, 3, 10)}),
		notifications: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portolan_notifications_total", Help: "Attempts to notify the job that runs the generator, by result."}, []string{"result"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.uploads, m.actions, m.received, m.refusedLogins, m.runs, m.runSeconds, m.notifications,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "portolan_http_requests_in_flight", Help: "Requests being answered."}, func() float64 { return float64(s.answering.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "portolan_uploads_in_flight", Help: "Uploads being received."}, func() float64 { return float64(s.uploads.inUse()) }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// observe counts an answer.
func (m *metrics) observe(route, method string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// Notified counts and logs an attempt to start the job that runs the generator.
func (s *Shim) Notified(uploads int, err error) {
	if err != nil {
		s.metrics.notifications.WithLabelValues("failed").Inc()
		s.Log.Error("notify", "uploads", uploads, "error", err.Error())
		return
	}
	s.metrics.notifications.WithLabelValues("sent").Inc()
	s.Log.Info("notified", "uploads", uploads)
}

// Metrics returns a handler that serves the shim's metrics to Prometheus. Serve it
// on a separate address, since it checks no credentials.
func (s *Shim) Metrics() http.Handler {
	return promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})
}
