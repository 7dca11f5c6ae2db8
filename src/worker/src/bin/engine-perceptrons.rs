//! The engine on the processor that trains perceptrons by labels and soft targets: the first that a visitor fetches.

fn main() {
    retort_worker::start();
}
