//! The workbench behind a Web Worker's message port: orders in, lists of reports out, parcels both ways.

mod gpu;

use retort_compress::workbench::Workbench;
use retort_spec::{Command, Parcel, Task, WorkbenchCommand, WorkbenchEvent, codec};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;

use crate::{REPORT, arrival, bytes, give_way, listen, next, on_panic, scope, send, send_parcel};

/// Starts serving the worker's message port.
pub fn start() {
    on_panic(fail);
    spawn_local(serve());
}

fn fail(reason: String) {
    send(&[WorkbenchEvent::Failed { reason }]);
}

async fn serve() {
    let mailbox = listen(read, fail);
    let mut workbench = Workbench::new(milliseconds);
    let mut measured = None;
    let mut told = None;
    // Told at once; but how far a task is no more often than the engine reports, since some do forty steps meanwhile.
    let mut say = |report: WorkbenchEvent, measured: &mut Option<_>| match report {
        WorkbenchEvent::Progress { task, .. } => {
            let now = milliseconds();
            if told.is_none_or(|(of, at)| of != task || now - at >= REPORT.as_secs_f64() * 1000.0) {
                told = Some((task, now));
                send(&[report]);
            }
        }
        WorkbenchEvent::FineTune(tuning) => send_parcel(&Parcel::FineTune(tuning)),
        WorkbenchEvent::Latency { times, .. } => *measured = Some(times),
        report => send(&[report]),
    };
    send(&[WorkbenchEvent::Ready]);
    loop {
        while let Some(order) = next(&mailbox) {
            workbench.handle(order, &mut |report| say(report, &mut measured));
        }
        match workbench.is_busy() {
            true => {
                workbench.work(&mut |report| say(report, &mut measured));
                if let Some(mut times) = measured.take() {
                    send(&[WorkbenchEvent::Progress { task: Task::Latency, share: 0.5 }]);
                    let no_gpu = gpu::measure(&workbench, &mut times).await;
                    send(&[WorkbenchEvent::Latency { times, no_gpu }]);
                }
                give_way().await;
            }
            false => arrival(&mailbox, None).await,
        }
    }
}

/// An order of the page, or a parcel of the engine, which comes in a list of its own.
fn read(message: JsValue) -> Result<WorkbenchCommand, codec::Error> {
    let Some(parcel) = message.dyn_ref::<js_sys::Array>() else { return codec::decode(&bytes(&message)) };
    match Command::from(codec::decode::<Parcel>(&bytes(&parcel.get(0)))?) {
        Command::Workbench(order) => Ok(order),
        _ => Err(serde::de::Error::custom("a parcel for the engine")),
    }
}

/// The browser's clock.
fn milliseconds() -> f64 {
    scope().performance().map_or(0.0, |clock| clock.now())
}
