//! The engine on the processor.

fn main() {
    retort_worker::start();
}
