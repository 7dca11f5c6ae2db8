//! The workbench: what packs, measures and exports networks, in a worker of its own, so that it answers while networks
//! train.

fn main() {
    retort_worker::workbench::start();
}
