//! A history as a log: what `read` reads. Serves examples and the proof that a replay equals the
//! run it was written from.

use core::fmt::Write as _;

use crate::workload::{Visit, Workload};

/// `history` as CSV, its first moment being `start_ms` in Unix milliseconds.
pub fn write(history: &Workload, start_ms: u64) -> String {
    let mut out = String::from("kind,visit,visitor,from,to,closed,device,intent,region,source\n");
    for (place, visit) in history.visits.iter().enumerate() {
        write_visit(&mut out, place, visit, start_ms);
    }
    out
}

fn write_visit(out: &mut String, place: usize, visit: &Visit, start_ms: u64) {
    let (from, to) = visit.bursts.first().copied().unwrap_or_default();
    let device = if visit.mobile { "mobile" } else { "desktop" };
    let _ = writeln!(
        out,
        "visit,v{place},p{},{},{},{},{device},{},region {},source {}",
        visit.visitor,
        start_ms + from,
        start_ms + to,
        start_ms + visit.closed_ms,
        visit.intent,
        visit.region,
        visit.source,
    );
    for (from, to) in visit.bursts.iter().skip(1) {
        let _ = writeln!(
            out,
            "active,v{place},,{},{},,,,,",
            start_ms + from,
            start_ms + to
        );
    }
    if let Some(at_ms) = visit.tap_ms {
        let _ = writeln!(out, "tap,v{place},,{},,,,,,", start_ms + at_ms);
    }
    if let Some(call) = visit.call {
        let at_ms = start_ms + call.at_ms;
        let _ = writeln!(out, "call,v{place},,{at_ms},,,,,region {},", call.region);
    }
}
