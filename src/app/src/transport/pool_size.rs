//! How many workers train at once.

use retort_spec::Experiment;
use wasm_bindgen::JsCast;
use web_sys::window;

/// More workers than this, and memory is what a laptop runs out of first.
const MOST: u32 = 8;

/// How many workers train an experiment on this machine.
pub fn size(experiment: &Experiment, cores: u32, gibibytes: Option<f64>) -> u32 {
    experiment.runs.min(all_cores(cores.saturating_sub(1), gibibytes))
}

/// How many workers train where the page has next to nothing to draw: one for each core that has memory.
pub fn all_cores(cores: u32, gibibytes: Option<f64>) -> u32 {
    let most = gibibytes.map_or(MOST, |gibibytes| (gibibytes as u32).min(MOST));
    cores.min(most).max(1)
}

/// Cores of the machine, as far as the browser tells.
pub fn cores() -> u32 {
    window().map_or(1.0, |window| window.navigator().hardware_concurrency()) as u32
}

/// Memory of the machine in GiB, where the browser tells.
pub fn memory() -> Option<f64> {
    let navigator: js_sys::Object = window()?.navigator().unchecked_into();
    js_sys::Reflect::get(&navigator, &"deviceMemory".into()).ok()?.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_is_left_to_the_page_and_a_gibibyte_to_each_worker() {
        let of = |runs| Experiment { runs, ..Experiment::default() };
        assert_eq!(size(&of(3), 8, Some(8.0)), 3);
        assert_eq!(size(&of(20), 6, None), 5);
        assert_eq!(size(&of(20), 64, None), MOST);
        assert_eq!(size(&of(20), 64, Some(2.0)), 2);
        assert_eq!(size(&of(3), 2, Some(0.5)), 1);
        assert_eq!(size(&of(3), 0, None), 1);
    }
}
