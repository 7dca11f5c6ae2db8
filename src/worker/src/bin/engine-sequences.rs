//! The engine for sequences and for numbers, on the processor.

fn main() {
    retort_worker::start_sequences();
}
