use std::time::Duration;

use crate::testing::{
    DATA, PASSWORD, Passwords, ROTATE, catalog, component, engine, function, invocation, text,
};
use crate::{Catalog, Level, Limits, LogLine, Outcome, Report};
use keywheel_domain::rotation::FailureKind;
use keywheel_domain::sensitive::Sensitive;

async fn run(body: &str, limits: Limits) -> Report {
    function(body).await.invoke(invocation(Passwords::Made, limits)).await
}

fn limit(report: &Report) -> (&'static str, &str) {
    match &report.outcome {
        Outcome::LimitExceeded { limit, message } => (limit, message),
        other => panic!("not a limit: {other}"),
    }
}

fn trap(report: &Report) -> &str {
    match &report.outcome {
        Outcome::Trapped { message } => message,
        other => panic!("not a trap: {other}"),
    }
}

/// Logs so many bytes of the data at the start of memory, and is done.
fn logging(bytes: usize) -> String {
    format!("({ROTATE} (call $log (i32.const 2) (i32.const 16) (i32.const {bytes})) (i32.const 0))")
}

#[tokio::test]
async fn a_step_is_done_and_logged() {
    let report = run(&logging(DATA.len()), Limits::default()).await;
    assert_eq!(report.outcome, Outcome::Done);
    assert_eq!(report.log, [LogLine { level: Level::Warn, message: DATA.to_owned() }]);
    assert_eq!((report.log_truncated, report.memory_bytes_peak), (false, 64 * 1024));
}

#[tokio::test]
async fn a_failure_is_told_with_its_kind() {
    let kinds = [FailureKind::Retry, FailureKind::Permanent, FailureKind::Refused];
    for (case, kind) in kinds.into_iter().enumerate() {
        let failing = format!(
            "({ROTATE}
              (i32.store8 (i32.const 100) (i32.const 1)) (i32.store8 (i32.const 104) (i32.const {case}))
              (i32.store (i32.const 108) (i32.const 16)) (i32.store (i32.const 112) (i32.const 5))
              (i32.const 100))"
        );
        let report = run(&failing, Limits::default()).await;
        assert_eq!(report.outcome, Outcome::Failed { kind, message: "hello".to_owned() });
    }
}

#[tokio::test]
async fn a_guest_that_spins_is_stopped_within_its_processor_time() {
    let limits = Limits { cpu_ms_max: 50, ..Limits::default() };
    let report = run(&format!("({ROTATE} (loop $again (br $again)) unreachable)"), limits).await;
    let (limit, message) = limit(&report);
    assert_eq!(limit, Outcome::CPU_TIME);
    assert_eq!(message, "the step used more than 50 ms of processor time, in `rotate`");
    // The tick comes from another thread, which may have to wait for a processor.
    assert!((50..250).contains(&report.cpu.as_millis()), "{:?}", report.cpu);
}

#[tokio::test]
async fn waiting_is_not_processor_time_and_the_call_is_named() {
    let waiting = format!("({ROTATE} (call $password (i32.const 200)) (i32.const 0))");
    let limits = Limits { cpu_ms_max: 40, wall_ms_max: 60, ..Limits::default() };
    let report = function(&waiting).await.invoke(invocation(Passwords::Never, limits)).await;
    assert_eq!(
        limit(&report),
        (
            Outcome::WALL_TIME,
            "the step took longer than 60 ms: it was in the call `secrets.get-random-password`"
        )
    );
    assert!(report.wall >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_guest_that_spins_past_its_wall_time_is_stopped_too() {
    let limits = Limits { wall_ms_max: 50, ..Limits::default() };
    let report = run(&format!("({ROTATE} (loop $again (br $again)) unreachable)"), limits).await;
    let (limit, message) = limit(&report);
    assert_eq!(limit, Outcome::WALL_TIME);
    assert_eq!(message, "the step took longer than 50 ms: it was in its own code, computing or sleeping");
}

#[tokio::test]
async fn a_guest_that_allocates_is_refused_and_told_how_much_it_wanted() {
    let allocating = format!(
        "({ROTATE} (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable)"
    );
    let limits = Limits { memory_bytes_max: 3 * 1024 * 1024 + 64 * 1024, ..Limits::default() };
    let report = run(&allocating, limits).await;
    assert_eq!(
        limit(&report),
        (Outcome::MEMORY, "the function asked for 5 MiB of memory and may have 3 MiB, in `rotate`")
    );
    assert_eq!(report.memory_bytes_peak, 3 * 1024 * 1024 + 64 * 1024);
}

#[tokio::test]
async fn a_trap_names_the_functions_it_came_through() {
    let trapping = format!("(func $inner unreachable) ({ROTATE} (call $inner) (i32.const 0))");
    let report = run(&trapping, Limits::default()).await;
    assert_eq!(trap(&report), "a panic or an abort, in `inner` <- `rotate`");
}

#[tokio::test]
async fn endless_recursion_is_a_stack_overflow() {
    let recursing = format!("(func $deeper (call $deeper)) ({ROTATE} (call $deeper) (i32.const 0))");
    let report = run(&recursing, Limits::default()).await;
    assert!(trap(&report).starts_with("stack overflow, in `deeper` (itself "), "{}", report.outcome);
}

#[tokio::test]
async fn a_log_without_end_is_truncated() {
    let chatty = format!(
        "({ROTATE} (local $n i32)
          (loop $again (call $log (i32.const 1) (i32.const 16) (i32.const 20))
            (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 100))))
          (i32.const 0))"
    );
    let report = run(&chatty, Limits { log_bytes_max: 100, ..Limits::default() }).await;
    assert_eq!((report.outcome, report.log.len(), report.log_truncated), (Outcome::Done, 4, true));
}

#[tokio::test]
async fn calls_of_the_host_are_bounded() {
    let asking = format!("({ROTATE} (loop $again (call $password (i32.const 200)) (br $again)) unreachable)");
    let report = run(&asking, Limits { host_calls_max: 9, ..Limits::default() }).await;
    let (limit, message) = limit(&report);
    assert_eq!(limit, Outcome::HOST_CALLS);
    assert!(message.starts_with("the step called the host more than 9 times, in "), "{message}");
}

#[tokio::test]
async fn what_was_generated_is_redacted() {
    let revealing = format!(
        "({ROTATE}
          (call $password (i32.const 200))
          (call $log (i32.const 1) (i32.load (i32.const 204)) (i32.load (i32.const 208)))
          ;; A failure with the same text.
          (i32.store8 (i32.const 100) (i32.const 1)) (i32.store8 (i32.const 104) (i32.const 1))
          (i32.store (i32.const 108) (i32.load (i32.const 204)))
          (i32.store (i32.const 112) (i32.load (i32.const 208)))
          (i32.const 100))"
    );
    let report = run(&revealing, Limits::default()).await;
    assert_eq!(report.log, [LogLine { level: Level::Info, message: "[redacted]".to_owned() }]);
    assert_eq!(
        report.outcome,
        Outcome::Failed { kind: FailureKind::Permanent, message: "[redacted]".to_owned() }
    );
    assert!(!format!("{report:?}").contains(PASSWORD));
}

/// What a guest's language runs after the call, to free what it returned.
#[tokio::test]
async fn a_guest_cannot_call_the_host_after_its_end() {
    let late = format!(
        "(func (export \"after\") (param i32) (call $log (i32.const 1) (i32.const 16) (i32.const 5)))
         ({ROTATE} (i32.const 0))"
    );
    let lift = "(canon lift (core func $main \"rotate\")";
    let text = text("rotate", &late);
    assert!(text.contains(lift));
    let text = text.replace(lift, &format!("{lift} (post-return (core func $main \"after\"))"));
    let function = catalog().load(&wat::parse_str(text).unwrap()).await.unwrap();
    let report = function.invoke(invocation(Passwords::Made, Limits::default())).await;
    assert!(trap(&report).contains("cannot leave component instance"), "{}", report.outcome);
    assert_eq!(report.log, []);
}

/// The host's functions run on what the guest left of the stack, and there is always enough.
#[tokio::test]
async fn a_guest_deep_in_its_stack_can_call_the_host() {
    let deep = format!(
        "(func $deeper (call $log (i32.const 1) (i32.const 16) (i32.const 5)) (call $deeper))
         ({ROTATE} (call $deeper) (i32.const 0))"
    );
    let limits = Limits { cpu_ms_max: 60_000, ..Limits::default() };
    let report = run(&deep, limits).await;
    assert!(trap(&report).starts_with("stack overflow, in "), "{}", report.outcome);
}

/// The tick comes from another thread, which may have to wait for a processor: the best of a few tries tells
/// what the sandbox does, and the others what the machine does.
#[tokio::test]
async fn a_guest_that_spins_ends_within_twenty_milliseconds_of_its_deadline() {
    let limits = Limits { cpu_ms_max: 40, ..Limits::default() };
    let spinning = function(&format!("({ROTATE} (loop $again (br $again)) unreachable)")).await;
    let mut best = Duration::MAX;
    for _ in 0..10 {
        let report = spinning.invoke(invocation(Passwords::Made, limits.clone())).await;
        assert_eq!(limit(&report).0, Outcome::CPU_TIME);
        best = best.min(report.cpu.saturating_sub(Duration::from_millis(40)));
    }
    assert!(best <= Duration::from_millis(20), "{best:?} after the deadline");
}

#[tokio::test]
async fn no_state_survives_a_step() {
    let counting = format!(
        "(global $count (mut i32) (i32.const 0))
         ({ROTATE}
          (if (i32.or (global.get $count) (i32.load (i32.const 300))) (then unreachable))
          (global.set $count (i32.const 1)) (i32.store (i32.const 300) (i32.const 1)) (i32.const 0))"
    );
    let function = function(&counting).await;
    for _ in 0..10 {
        let report = function.invoke(invocation(Passwords::Made, Limits::default())).await;
        assert_eq!(report.outcome, Outcome::Done);
    }
}

#[tokio::test]
async fn a_panic_of_the_host_ends_the_step_only() {
    let waiting = format!("({ROTATE} (call $password (i32.const 200)) (i32.const 0))");
    let function = function(&waiting).await;
    let report = function.invoke(invocation(Passwords::Panic, Limits::default())).await;
    assert_eq!(trap(&report), "the host failed in the call `secrets.get-random-password`");
    let report = function.invoke(invocation(Passwords::Made, Limits::default())).await;
    assert_eq!(report.outcome, Outcome::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_invocations_than_instances_wait_for_their_turn() {
    let catalog = Catalog::new(engine(3), None, Sensitive::new([7; 32]));
    let waiting = format!("({ROTATE} (call $password (i32.const 200)) (i32.const 0))");
    let function = catalog.load(&component(&waiting)).await.unwrap();
    let invocations = (0..100).map(|_| function.invoke(invocation(Passwords::Made, Limits::default())));
    let reports = futures_util::future::join_all(invocations).await;
    assert!(reports.iter().all(|report| report.outcome == Outcome::Done));
}

#[tokio::test]
async fn the_same_bytes_are_one_function() {
    let catalog = catalog();
    let bytes = component(&logging(5));
    let first = catalog.load(&bytes).await.unwrap();
    let second = catalog.load(&bytes).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &second));
    assert_eq!(first.digest().len(), 64);
    assert_eq!(
        first.imports(),
        ["keywheel:rotation/types@0.1.0", "keywheel:rotation/secrets@0.1.0", "keywheel:rotation/log@0.1.0"]
    );
}
