//! What Keywheel counts and measures, in one explicit registry.
//!
//! Labels hold names from closed or operator-made sets only: what a stranger sends never becomes a
//! label, or a flood of made-up operations would fill the memory.

mod census;
mod log;
mod webhooks;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use tracing_appender::non_blocking::ErrorCounter;

use self::census::CensusGauges;
pub use self::census::{JobCounts, SecretCounts};
use self::log::DroppedLines;
pub use self::webhooks::WebhookMetrics;

/// Upper bounds of the durations of requests: 100 us, doubling, to 3.3 s.
const REQUEST_BUCKETS: (f64, f64, u16) = (0.000_1, 2.0, 16);
/// Upper bounds of the durations of steps: 500 us, doubling, to 65 s.
const STEP_BUCKETS: (f64, f64, u16) = (0.000_5, 2.0, 18);

/// The operation and how it ended: `OK` or the protocol's error code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabels {
    step: &'static str,
    outcome: &'static str,
}

/// Makes the histograms of a family, all with the same buckets.
#[derive(Clone)]
struct Buckets((f64, f64, u16));

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        let (start, factor, count) = self.0;
        Histogram::new(exponential_buckets(start, factor, count))
    }
}

/// The metrics of the process. Recording is cheap and never waits for a reader.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<OperationLabels, Histogram, Buckets>,
    connections: Gauge,
    rotations: Family<OutcomeLabels, Counter>,
    steps: Family<StepLabels, Histogram, Buckets>,
    rotations_running: Gauge,
    due_late_seconds: Gauge<f64, AtomicU64>,
    due_taken: Counter,
    due_waiting: Gauge,
    conflicts: Counter,
    drifts: Counter,
    census: CensusGauges,
    webhooks: WebhookMetrics,
}

impl Metrics {
    /// All metrics, at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("keywheel"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(Buckets(REQUEST_BUCKETS)),
            connections: Gauge::default(),
            rotations: Family::default(),
            steps: Family::new_with_constructor(Buckets(STEP_BUCKETS)),
            rotations_running: Gauge::default(),
            due_late_seconds: Gauge::default(),
            due_taken: Counter::default(),
            due_waiting: Gauge::default(),
            conflicts: Counter::default(),
            drifts: Counter::default(),
            census: CensusGauges::default(),
            webhooks: WebhookMetrics::default(),
        };
        metrics.register();
        metrics
    }

    /// With the lines of the log that are dropped.
    #[must_use]
    pub fn with_log(mut self, dropped: ErrorCounter) -> Self {
        self.registry.register_collector(Box::new(DroppedLines(dropped)));
        self
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests by operation and answer", self.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from the whole request to its answer, by operation",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register("connections", "Open connections of clients", self.connections.clone());
        registry.register("rotations", "Rotations that ended, by outcome", self.rotations.clone());
        registry.register_with_unit(
            "step_duration",
            "Time of one call of a rotation function, by step and outcome",
            Unit::Seconds,
            self.steps.clone(),
        );
        registry.register(
            "rotations_running",
            "Rotations that this process is driving",
            self.rotations_running.clone(),
        );
        registry.register_with_unit(
            "due_late",
            "How late the earliest due entry was at the last look; 0 when none was due",
            Unit::Seconds,
            self.due_late_seconds.clone(),
        );
        registry.register(
            "due_waiting",
            "Due entries that run already or wait for room, at the last look",
            self.due_waiting.clone(),
        );
        registry.register("due_taken", "Due entries that were taken from the queue", self.due_taken.clone());
        registry.register("drifts", "Verifications that found drift", self.drifts.clone());
        self.census.register(registry);
        self.webhooks.register(registry);
        registry.register("conflicts", "Commits that another one overtook", self.conflicts.clone());
    }

    /// A request was answered. `operation` is a name that the server knows, never what a client made up.
    pub fn request(&self, operation: &'static str, code: &'static str, took: Duration) {
        self.request_seconds.get_or_create(&OperationLabels { operation }).observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { operation, code }).inc();
    }

    /// A client connected; the connection counts until the guard is dropped.
    pub fn connection(&self) -> Running {
        Running::start(&self.connections)
    }

    /// A rotation ended: `succeeded`, `failed`, `cancelled` and so on.
    pub fn rotation(&self, outcome: &'static str) {
        self.rotations.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// A rotation is being driven; it counts until the guard is dropped.
    pub fn rotation_running(&self) -> Running {
        Running::start(&self.rotations_running)
    }

    /// A call of a rotation function ended.
    pub fn step(&self, step: &'static str, outcome: &'static str, took: Duration) {
        self.steps.get_or_create(&StepLabels { step, outcome }).observe(took.as_secs_f64());
    }

    /// The due queue was looked at: entries that were started, entries that run already or wait for
    /// room, and how late the earliest of them was.
    pub fn due(&self, started: u64, waiting: u64, latest: Duration) {
        self.due_taken.inc_by(started);
        self.due_waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.due_late_seconds.set(latest.as_secs_f64());
    }

    /// A commit found that another one had come first.
    pub fn conflict(&self) {
        self.conflicts.inc();
    }

    /// A verification found a target that does not take the current value.
    pub fn drift(&self) {
        self.drifts.inc();
    }

    /// The unfinished rotations were counted.
    pub fn set_jobs(&self, counts: &JobCounts) {
        self.census.set_jobs(counts);
    }

    /// The secrets were counted.
    pub fn set_secrets(&self, counts: &SecretCounts) {
        self.census.set_secrets(counts);
    }

    /// What is counted about webhooks.
    pub const fn webhooks(&self) -> &WebhookMetrics {
        &self.webhooks
    }

    /// All metrics in the text form that Prometheus reads (OpenMetrics 1.0).
    pub fn render(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)
            .expect("a string takes any text");
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Something that is counted while it goes on.
pub struct Running(Gauge);

impl Running {
    fn start(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_rendered() {
        let metrics = Metrics::new();
        metrics.request("GetSecretValue", "OK", Duration::from_micros(150));
        metrics.request("GetSecretValue", "ResourceNotFoundException", Duration::from_micros(50));
        metrics.rotation("succeeded");
        metrics.step("createSecret", "ok", Duration::from_millis(3));
        metrics.due(2, 1, Duration::from_millis(1_500));
        metrics.conflict();
        let connection = metrics.connection();
        let check = |line: &str| {
            let text = metrics.render();
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        };
        check(r#"keywheel_requests_total{operation="GetSecretValue",code="OK"} 1"#);
        check(r#"keywheel_requests_total{operation="GetSecretValue",code="ResourceNotFoundException"} 1"#);
        check(r#"keywheel_request_duration_seconds_count{operation="GetSecretValue"} 2"#);
        check(r#"keywheel_request_duration_seconds_bucket{le="0.0001",operation="GetSecretValue"} 1"#);
        check(r#"keywheel_rotations_total{outcome="succeeded"} 1"#);
        check(r#"keywheel_step_duration_seconds_count{step="createSecret",outcome="ok"} 1"#);
        check("keywheel_due_taken_total 2");
        check("keywheel_due_waiting 1");
        check("keywheel_due_late_seconds 1.5");
        check("keywheel_conflicts_total 1");
        check("keywheel_connections 1");
        let mut jobs = JobCounts::default();
        jobs.by_state.insert("BackOff", 2);
        metrics.set_jobs(&jobs);
        check(r#"keywheel_rotations_unfinished{state="BackOff"} 2"#);
        check(r#"keywheel_rotations_unfinished{state="NeedsAttention"} 0"#);
        metrics.set_jobs(&JobCounts::default());
        assert!(!metrics.render().contains("BackOff"), "nothing is in that state any more");
        let mut secrets = SecretCounts::default();
        (0..20).for_each(|index| secrets.see(&format!("db-{index}"), index * 86_400));
        metrics.set_secrets(&secrets);
        check(r#"keywheel_secrets_by_rotation_age{le="86400"} 2"#);
        check(r#"keywheel_secrets_by_rotation_age{le="+Inf"} 20"#);
        check(r#"keywheel_oldest_rotation_age_seconds{secret="db-19"} 1641600"#);
        assert_eq!(metrics.render().matches("_age_seconds{").count(), 10);
        drop(connection);
        check("keywheel_connections 0");
        assert!(metrics.render().ends_with("# EOF\n"));
    }
}
