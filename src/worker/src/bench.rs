//! The workbench behind a Web Worker's message port.

use retort_compress::workbench::Workbench;
use retort_spec::{Command, Event, Report};
use wasm_bindgen_futures::spawn_local;

use crate::{arrival, give_way, listen, next, post, scope, tell_of_panics};

/// Starts serving the worker's message port.
pub fn start() {
    tell_of_panics();
    spawn_local(serve());
}

async fn serve() {
    let mailbox = listen();
    let mut workbench = Workbench::new(milliseconds);
    // Told at once: a long task says how far it is.
    let mut say = |report: Report| post(vec![Event::Bench(report)]);
    say(Report::Ready);
    loop {
        while let Some(command) = next(&mailbox) {
            if let Command::Bench(order) = command {
                workbench.handle(order, &mut say);
            }
        }
        match workbench.is_busy() {
            true => {
                workbench.work(&mut say);
                give_way().await;
            }
            false => arrival(&mailbox, None).await,
        }
    }
}

/// The browser's clock.
fn milliseconds() -> f64 {
    scope().performance().map_or(0.0, |clock| clock.now())
}
