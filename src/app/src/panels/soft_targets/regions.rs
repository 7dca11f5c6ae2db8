//! The decisions of the networks as geometry: every place of the plane coloured by what a network says
//! of it, the paler the less sure it is at the slider's temperature. A click asks about a place, or adds a point.

use retort_spec::{
    NetworkId, REGION_REACH, REGION_SIDE, UserExample,
    probability::{argmax, softmax},
};
use web_sys::Element;
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::{
        format::{percent, percentage, temperature},
        labels::class_name,
    },
    island,
    state::{Action, CustomExample, Source, networks::some},
    widgets::{
        dom::network_class,
        picture::{CLASS_COLOURS, PixelsProps, use_pixels},
    },
};

/// How near a pointer or the cursor must be to a point to take it, in the data's units.
const GRASP: f32 = 0.09;
/// How far an arrow key moves the cursor.
const STRIDE: f32 = 0.1;

/// Networks whose decisions have room side by side.
const MOST: usize = 6;

/// What a click does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Tool {
    /// Asks about the place.
    Ask,
    /// Adds a point of this class.
    Add(u8),
}

/// The networks' decisions side by side.
#[hook]
pub fn use_regions() -> Html {
    let page = use_page();
    let tool = use_state(|| Tool::Ask);
    let texts = &page.texts;
    let classes = page.state.experiment.class_count() as u8;
    let data = page.state.experiment.data;
    let choose = |of: Tool, words: Html, id: Option<&'static str>| {
        let tool = tool.clone();
        html! { <button {id} aria-pressed={(*tool == of).to_string()} onclick={Callback::from(move |_: MouseEvent| tool.set(of))}>{ words }</button> }
    };
    let add = |class: u8| {
        let words = html! { <>{ "+ " }{ mark(class.into()) }{ " " }{ class_name(&page.texts, data, class.into()) }</> };
        choose(Tool::Add(class), words, (class == 0).then_some("tool-add"))
    };
    let at = temperature(texts, page.state.temperature());
    let networks = networks(&page);
    html! {
        <div id="regions">
            <div class="region-tools">
                <div class="segments" role="group" aria-label={texts.get("region-tools")}>
                    { choose(Tool::Ask, html! { texts.get("tool-ask") }, None) }
                    { for (0..classes).map(add) }
                </div>
                <small>{ match *tool { Tool::Ask => texts.get("tool-ask-hint"), Tool::Add(_) => texts.get("tool-add-hint") } }</small>
            </div>
            <div class="region-grid">
                { for networks.iter().map(|&(network_id, packed)| island!(use_region, RegionProps { network_id, packed, tool: *tool })) }
            </div>
            <p class="hint">{ texts.with("regions-hint", &[("temperature", at.into())]) }</p>
            <details class="data">
                <summary>{ texts.get("table-of-data") }</summary>
                <div class="scroll" tabindex="0" role="region" aria-label={texts.get("regions-table")}><table>
                    <caption>{ texts.get("regions-table") }</caption>
                    <thead><tr>
                        <td></td>{ for (0..classes).map(|class| html! { <th scope="col">{ class_name(&page.texts, data, class.into()) }</th> }) }<th scope="col">{ texts.get("right") }</th>
                    </tr></thead>
                    <tbody>{ for networks.iter().map(|&(network_id, packed)| table_row(&page, network_id, packed)) }</tbody>
                </table></div>
            </details>
        </div>
    }
}

/// The networks side by side, those first that every picture must show where there are too many; and whether each was
/// read back from its packed file.
fn networks(page: &AppContext) -> Vec<(NetworkId, bool)> {
    let plan = &page.state.plan;
    some(plan, MOST).into_iter().map(|id| (id, false)).chain([(page.state.answering_network(), true)]).collect()
}

/// Whose decisions.
#[derive(PartialEq)]
struct RegionProps {
    network_id: NetworkId,
    packed: bool,
    tool: Tool,
}

/// One network's decisions, with the training points whose labels the student sees and the visitor's own.
#[hook]
fn use_region(props: &RegionProps) -> Html {
    let page = use_page();
    let cursor = use_state(|| None::<[f32; 2]>);
    // What the pointer came down on: a point of the visitor's, or a place.
    let held = use_state(|| None::<Option<usize>>);
    let (texts, state) = (&page.texts, &page.state);
    let classes = state.experiment.class_count();
    let answer = state.region(props.network_id, props.packed).map(|answer| answer.logits.clone());
    let name = name_of(&page, props.network_id, props.packed);
    let colours = {
        let at = state.temperature();
        use_memo((answer, at.to_bits(), classes), move |(logits, _, classes)| {
            logits.as_ref().map(|logits| paint(logits, *classes, at)).unwrap_or_default()
        })
    };
    let accuracy = accuracy_of(&page, props.network_id, props.packed);
    let words = match accuracy {
        Some(share) => {
            texts.with("region-summary", &[("name", name.clone().into()), ("percent", percent(texts, share).into())])
        }
        None => name.clone(),
    };
    // It is one network's number, where the map of networks gives means over the seeds.
    let is_first = state.experiment.runs > 1 && accuracy.is_some();
    let seed = is_first.then(|| texts.with("of-seed", &[("seed", state.experiment.seed.to_string().into())]));
    let act = hand(&page, props.tool);
    let down = {
        let (page, held) = (page.clone(), held.clone());
        Callback::from(move |event: PointerEvent| {
            held.set(place_of(&event).map(|place| nearest_own(&page, place)));
        })
    };
    // A finger that scrolls the page comes down here, too, and is taken away from the map without coming up.
    let up = {
        let (page, act, held) = (page.clone(), act.clone(), held.clone());
        Callback::from(move |event: PointerEvent| {
            if let (Some(own), Some(place)) = (*held, place_of(&event)) {
                held.set(None);
                match own {
                    Some(index) => move_own(&page, index, Some(place)),
                    None => act(place),
                }
            }
        })
    };
    let cancel = {
        let held = held.clone();
        Callback::from(move |_: PointerEvent| held.set(None))
    };
    let key = {
        let (page, cursor) = (page.clone(), cursor.clone());
        Callback::from(move |event: KeyboardEvent| {
            let [x, y] = cursor.unwrap_or([0.0, 0.0]);
            let to =
                |dx: f32, dy: f32| [x + dx * STRIDE, y + dy * STRIDE].map(|x| x.clamp(-REGION_REACH, REGION_REACH));
            match event.key().as_str() {
                "ArrowLeft" => cursor.set(Some(to(-1.0, 0.0))),
                "ArrowRight" => cursor.set(Some(to(1.0, 0.0))),
                "ArrowUp" => cursor.set(Some(to(0.0, 1.0))),
                "ArrowDown" => cursor.set(Some(to(0.0, -1.0))),
                "Enter" | " " => act([x, y]),
                "Delete" | "Backspace" => {
                    if let Some(index) = nearest_own(&page, [x, y]) {
                        move_own(&page, index, None);
                    }
                }
                _ => return,
            }
            event.prevent_default();
        })
    };
    let pixels = PixelsProps { shape: [REGION_SIDE as u32; 2], colours: (*colours).clone(), label: None, style: None };
    let (class, region) = match props.packed {
        true => ("packed".to_owned(), "packed".to_owned()),
        false => (network_class(props.network_id), props.network_id.to_string()),
    };
    html! {
        <figure class={classes!("region", class)}>
            <div class="plane" tabindex="0" role="img" aria-label={words} data-region={region} onpointerdown={down} onpointerup={up} onpointercancel={cancel} onkeydown={key}>
                { island!(use_pixels, pixels) }
                { points(&page, *cursor) }
                if colours.is_empty() { <span class="none">{ "–" }</span> }
            </div>
            <figcaption><span>{ name }</span><span><b>{ accuracy.map(|share| percentage(texts, share)) }</b>{ texts.language.gap() }{ for seed }</span>{ for there(&page, props) }</figcaption>
        </figure>
    }
}

/// A class's colour, as its points have it.
fn mark(class: usize) -> Html {
    html! {
        <svg class="class-mark" viewBox="-4 -4 8 8" aria-hidden="true">
            <circle class={classes!("dot", format!("class-{class}"))} r="3.4" />
        </svg>
    }
}

/// What a network says of the place that was asked about, once it has answered.
fn there(page: &AppContext, props: &RegionProps) -> Option<Html> {
    let state = &page.state;
    state.given.as_ref().filter(|given| given.source == Source::Place)?;
    let (class, share) = likeliest(state.answer(props.network_id, props.packed)?, state.temperature())?;
    let name = class_name(&page.texts, state.experiment.data, class);
    let share = percent(&page.texts, share);
    let words = page.texts.with("region-there", &[("class", name.into()), ("percent", share.into())]);
    Some(html! { <span class="there">{ mark(class) }{ " " }{ words }</span> })
}

/// The likeliest class at a temperature, and its share.
fn likeliest(logits: &[f32], temperature: f64) -> Option<(usize, f64)> {
    let class = argmax(logits)?;
    Some((class, softmax(logits, temperature)[class]))
}

fn name_of(page: &AppContext, network_id: NetworkId, packed: bool) -> String {
    match packed {
        true => {
            let format = page.texts.get(&format!("bits-{}", page.state.experiment.bits));
            let words = page.texts.with("region-packed", &[("format", format.into())]);
            page.made_of(network_id, words)
        }
        false => page.short_name(network_id),
    }
}

/// Share of the test points that a network has right, once it is trained.
fn accuracy_of(page: &AppContext, network_id: NetworkId, packed: bool) -> Option<f64> {
    let state = &page.state;
    match packed {
        true => state.chosen().map(|row| row.accuracy),
        false => state.network(network_id).filter(|_| !state.is_training(network_id)).map(|measured| measured.accuracy),
    }
}

/// What the picture of a network shows, in numbers.
fn table_row(page: &AppContext, network_id: NetworkId, packed: bool) -> Html {
    let texts = &page.texts;
    let classes = page.state.experiment.class_count();
    let shares = page.state.region(network_id, packed).map(|answer| shares(&answer.logits, classes));
    html! {
        <tr>
            <th scope="row">{ name_of(page, network_id, packed) }</th>
            { for (0..classes).map(|class| html! { <td>{ shares.as_ref().map(|shares| percent(texts, shares[class])) }</td> }) }
            <td>{ accuracy_of(page, network_id, packed).map(|share| percent(texts, share)) }</td>
        </tr>
    }
}

/// Share of the places that a network gives to each class.
///
/// # Shapes
/// `logits`: `[places, classes]`; the result `[classes]`, summing to one.
fn shares(logits: &[f32], classes: usize) -> Vec<f64> {
    let mut shares = vec![0.0; classes];
    let places = (logits.len() / classes).max(1) as f64;
    for class in logits.chunks_exact(classes).filter_map(argmax) {
        shares[class] += 1.0 / places;
    }
    shares
}

/// What the tool does at a place.
fn hand(page: &AppContext, tool: Tool) -> impl Fn([f32; 2]) + Clone + 'static {
    let page = page.clone();
    move |place: [f32; 2]| {
        let input = place.to_vec().into();
        match tool {
            Tool::Ask => {
                page.state.dispatch(Action::Give(Some(CustomExample { source: Source::Place, input, label: None })))
            }
            Tool::Add(label) => {
                let mut own = page.state.own.to_vec();
                own.push(UserExample { data: page.state.experiment.data, label, input });
                page.state.dispatch(Action::Own(own));
            }
        }
    }
}

/// The visitor's own point at a place.
fn nearest_own(page: &AppContext, [x, y]: [f32; 2]) -> Option<usize> {
    let data = page.state.experiment.data;
    let own = page.state.own.iter().enumerate().filter(|(_, own)| own.data == data && own.input.len() == 2);
    let distance = own.map(|(index, own)| (index, (own.input[0] - x).hypot(own.input[1] - y)));
    distance.filter(|(_, distance)| *distance < GRASP).min_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index)
}

/// Moves one of the visitor's own points, or takes it away.
fn move_own(page: &AppContext, index: usize, place: Option<[f32; 2]>) {
    let mut own = page.state.own.to_vec();
    match place {
        Some(place) => own[index].input = place.to_vec().into(),
        None => drop(own.remove(index)),
    }
    page.state.dispatch(Action::Own(own));
}

/// The place of the plane under a pointer.
fn place_of(event: &PointerEvent) -> Option<[f32; 2]> {
    // The current target is the page's root: yew listens there for all.
    let plane = event.target_dyn_into::<Element>()?.closest(".plane").ok()??.get_bounding_client_rect();
    let share = |at: i32, start: f64, size: f64| (((f64::from(at) - start) / size).clamp(0.0, 1.0) * 2.0 - 1.0) as f32;
    let x = share(event.client_x(), plane.left(), plane.width());
    let y = share(event.client_y(), plane.top(), plane.height());
    Some([x * REGION_REACH, -y * REGION_REACH])
}

/// The points whose labels the student sees, the visitor's own as diamonds, the place asked about and the cursor.
fn points(page: &AppContext, cursor: Option<[f32; 2]>) -> Html {
    let state = &page.state;
    let at = |x: f32| format!("{:.2}", 50.0 * (1.0 + x / REGION_REACH));
    let labelled = state.data.iter().flat_map(|data| data.gallery.iter()).filter(|example| example.labelled);
    let own = state.own.iter().filter(|own| own.data == state.experiment.data && own.input.len() == 2);
    let asked = state
        .given
        .as_ref()
        .filter(|given| given.source == Source::Place)
        .map(|given| [given.input[0], given.input[1]]);
    let cross = |[x, y]: [f32; 2], class: &'static str| {
        html! { <path class={class} d={format!("M{} {}m-4 0h8m-4 -4v8", at(x), at(-y))} /> }
    };
    html! {
        <svg viewBox="0 0 100 100" aria-hidden="true">
            { for labelled.filter_map(|example| example.point.first_chunk::<2>().map(|&[x, y]| html! {
                <circle class={classes!("dot", format!("class-{}", example.label))} cx={at(x)} cy={at(-y)} r="2.1" />
            })) }
            { for own.map(|own| html! {
                <rect class={classes!("dot", "own", format!("class-{}", own.label))} x="-2.6" y="-2.6" width="5.2" height="5.2"
                    transform={format!("translate({} {}) rotate(45)", at(own.input[0]), at(-own.input[1]))} />
            }) }
            { for asked.map(|place| cross(place, "asked")) }
            { for cursor.map(|place| cross(place, "cursor")) }
        </svg>
    }
}

/// Each place in the colour of its likeliest class, the paler the less sure: red, green, blue and opacity.
///
/// # Shapes
/// `logits`: `[places, classes]`; the result four bytes a place.
fn paint(logits: &[f32], classes: usize, temperature: f64) -> Vec<u8> {
    let place = |row: &[f32]| {
        let class = argmax(row).unwrap_or(0);
        let chance = 1.0 / classes as f64;
        let sure = ((softmax(row, temperature)[class] - chance) / (1.0 - chance)).clamp(0.0, 1.0);
        let [r, g, b] = CLASS_COLOURS[class % CLASS_COLOURS.len()];
        [r, g, b, (30.0 + 190.0 * sure).round() as u8]
    };
    logits.chunks_exact(classes).flat_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_s_answer_is_its_likeliest_class_at_the_temperature() {
        // 1 / (1 + e^(-ln 3)) = 3/4; at T = 2 it is √3 / (1 + √3).
        let logits = [0.0, 3.0_f32.ln()];
        let [cold, warm] = [1.0, 2.0].map(|temperature| likeliest(&logits, temperature).unwrap());
        assert!(cold.0 == 1 && (cold.1 - 0.75).abs() < 1e-6, "{cold:?}");
        let root = 3.0_f64.sqrt();
        assert!(warm.0 == 1 && (warm.1 - root / (1.0 + root)).abs() < 1e-6, "{warm:?}");
        assert_eq!(likeliest(&[], 1.0), None);
    }

    #[test]
    fn the_plane_is_shared_out_among_the_classes() {
        assert_eq!(shares(&[1.0, 0.0, 0.0, 2.0, 3.0, 0.0, 5.0, 1.0], 2), [0.75, 0.25]);
    }

    #[test]
    fn a_sure_place_is_strong_and_an_unsure_one_pale() {
        let painted = paint(&[50.0, 0.0, 0.0, 0.0, 0.0, 1.0], 2, 1.0);
        assert_eq!(painted.len(), 12);
        assert_eq!((&painted[..3], painted[3]), (&CLASS_COLOURS[0][..], 220));
        assert_eq!(painted[7], 30, "neither class");
        assert_eq!(painted[8..11], CLASS_COLOURS[1]);
        // 1/(1+1/e) = 0.731, of which 0.462 is more than chance.
        assert_eq!(painted[11], 118);
        let hotter = paint(&[0.0, 1.0], 2, 20.0);
        assert!(hotter[3] < painted[11], "a higher temperature is paler");
    }
}
