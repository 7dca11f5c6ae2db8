//! An example, drawn: an image as it is, or a point among its neighbours.

use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};
use yew::prelude::*;

use crate::{i18n::format::tenth, widgets::island::island};

/// The colours of classes in the plane, none of them an network_id's; the styles hold the same for points.
pub const CLASS_COLOURS: [[u8; 3]; 6] =
    [[109, 40, 217], [202, 138, 4], [190, 24, 93], [13, 148, 136], [101, 84, 64], [79, 70, 130]];

/// An image to draw.
#[derive(PartialEq)]
pub struct PictureProps {
    /// Rows and columns.
    pub shape: [u32; 2],
    /// Row by row, each 0 to 255.
    pub pixels: Vec<u8>,
    /// What it shows, in words.
    pub label: AttrValue,
    pub class: Classes,
}

/// An image, one canvas pixel a pixel; styles enlarge it.
#[hook]
pub fn use_picture(props: &PictureProps) -> Html {
    let canvas = use_node_ref();
    {
        let canvas = canvas.clone();
        use_effect_with((props.shape, props.pixels.clone()), move |(shape, pixels)| {
            let colours: Vec<u8> = pixels.iter().flat_map(|&ink| [ink, ink, ink, u8::MAX]).collect();
            put(&canvas, &colours, *shape);
        });
    }
    let [height, width] = props.shape;
    html! {
        <canvas ref={canvas} class={props.class.clone()} width={width.to_string()} height={height.to_string()}
            role="img" aria-label={props.label.clone()} />
    }
}

/// Cells of any colour.
#[derive(PartialEq)]
pub struct PixelsProps {
    /// Rows and columns.
    pub shape: [u32; 2],
    /// Row by row, four bytes each: red, green, blue, opacity; empty for nothing.
    pub colours: Vec<u8>,
    /// What they show, in words; without them whoever shows them says it.
    pub label: Option<AttrValue>,
    pub style: Option<AttrValue>,
}

/// Cells of any colour, one canvas pixel a cell; styles enlarge them.
#[hook]
pub fn use_pixels(props: &PixelsProps) -> Html {
    let canvas = use_node_ref();
    {
        let canvas = canvas.clone();
        use_effect_with((props.shape, props.colours.clone()), move |(shape, colours)| {
            let blank = vec![0; (shape[0] * shape[1] * 4) as usize];
            put(&canvas, if colours.len() == blank.len() { colours } else { &blank }, *shape);
        });
    }
    let [height, width] = props.shape;
    let (role, hidden) = if props.label.is_some() { (Some("img"), None) } else { (None, Some("true")) };
    html! {
        <canvas ref={canvas} class="pixels" style={props.style.clone()} width={width.to_string()} height={height.to_string()}
            {role} aria-label={props.label.clone()} aria-hidden={hidden} />
    }
}

fn put(canvas: &NodeRef, colours: &[u8], [height, width]: [u32; 2]) {
    let context = canvas
        .cast::<HtmlCanvasElement>()
        .and_then(|canvas| canvas.get_context("2d").ok().flatten())
        .and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok());
    if let (Some(context), Ok(image)) =
        (context, ImageData::new_with_u8_clamped_array_and_sh(Clamped(colours), width, height))
    {
        let _ = context.put_image_data(&image, 0.0, 0.0);
    }
}

/// Points in the plane with their classes.
#[derive(PartialEq)]
pub struct ScatterProps {
    /// Coordinates, class, and whether the student may see the label.
    pub points: Vec<([f32; 2], u8, bool)>,
    /// What it shows, in words.
    pub label: AttrValue,
    /// The point that is inspected.
    pub chosen: Option<[f32; 2]>,
}

/// Points in the plane; a labelled one is ringed.
pub fn scatter(props: ScatterProps) -> Html {
    island("scatter", props, |_, props| drawn_points(props))
}

fn drawn_points(props: &ScatterProps) -> Html {
    /// Half the side of the drawn square, in the data's units.
    const REACH: f32 = 1.5;
    let reach = props.points.iter().flat_map(|(point, ..)| point).fold(REACH, |most, x| most.max(x.abs()));
    let at = |x: f32| tenth(f64::from(50.0 + 48.0 * x / reach));
    let dot = |&([x, y], class, labelled): &([f32; 2], u8, bool)| {
        let ring = labelled.then_some("labelled");
        html! { <circle class={classes!("dot", format!("class-{class}"), ring)} cx={at(x)} cy={at(-y)} r="1.1" /> }
    };
    html! {
        <svg class="scatter" viewBox="0 0 100 100" role="img" aria-label={props.label.clone()}>
            { for props.points.iter().map(dot) }
            if let Some([x, y]) = props.chosen {
                <circle class="chosen" cx={at(x)} cy={at(-y)} r="4" />
            }
        </svg>
    }
}
