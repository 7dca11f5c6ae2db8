//! Any value of a type that serde can read: a deserializer that draws what it is asked for.

use std::{cell::RefCell, collections::BTreeMap};

use serde::de::{self, Deserializer, IntoDeserializer, Visitor, value::Error};

/// Where values are drawn from, and which variants of each enum were.
pub struct Source {
    state: RefCell<u64>,
    seen: RefCell<BTreeMap<&'static str, Vec<bool>>>,
}

impl Source {
    pub fn new(seed: u64) -> Self {
        Self { state: RefCell::new(seed), seen: RefCell::default() }
    }

    /// Any value. Enums whose variants are words, and numbers of a byte, are among their first two; lists are short.
    pub fn draw<T: de::DeserializeOwned>(&self) -> T {
        T::deserialize(self).unwrap()
    }

    /// The enums that were met and some of whose variants were never drawn.
    pub fn incomplete(self) -> Vec<&'static str> {
        let seen = self.seen.into_inner().into_iter();
        seen.filter(|(_, variants)| variants.contains(&false)).map(|(name, _)| name).collect()
    }

    /// A number below `bound` (SplitMix64, Steele et al. 2014).
    fn below(&self, bound: u64) -> u64 {
        let mut state = self.state.borrow_mut();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Values of a list or struct that are still to come.
struct Rest<'a>(&'a Source, u64);

impl<'de> de::SeqAccess<'de> for Rest<'_> {
    type Error = Error;
    fn next_element_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(left) = self.1.checked_sub(1) else { return Ok(None) };
        self.1 = left;
        seed.deserialize(self.0).map(Some)
    }
}

impl<'de> de::EnumAccess<'de> for Rest<'_> {
    type Error = Error;
    type Variant = Self;
    fn variant_seed<V: de::DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let index = u32::try_from(self.1).unwrap();
        Ok((seed.deserialize(IntoDeserializer::<Error>::into_deserializer(index))?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Rest<'_> {
    type Error = Error;
    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }
    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.0)
    }
    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_tuple(length, visitor)
    }
    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_tuple(fields.len(), visitor)
    }
}

impl<'de> Deserializer<'de> for &Source {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("a message does not say what it holds"))
    }
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.below(2) == 0)
    }
    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u8(self.below(2) as u8)
    }
    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i16(self.below(1 << 16) as i16)
    }
    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        // As many short numbers as long ones.
        visitor.visit_u32((self.below(1 << 32) >> self.below(32)) as u32)
    }
    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(self.below(u64::MAX))
    }
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.below(u64::MAX) as f64 / 1e9 - 1e9)
    }
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string("aé例\0".chars().take(self.below(5) as usize).collect())
    }
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_byte_buf(visitor)
    }
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        // Whole numbers of single precision; without a byte of 255 none of them is NaN.
        visitor.visit_byte_buf((0..4 * self.below(50)).map(|_| self.below(127) as u8).collect())
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.below(2) == 0 { visitor.visit_none() } else { visitor.visit_some(self) }
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Rest(self, self.below(3)))
    }
    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Rest(self, length as u64))
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(fields.len(), visitor)
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let index = self.below(variants.len() as u64);
        self.seen.borrow_mut().entry(name).or_insert_with(|| vec![false; variants.len()])[index as usize] = true;
        visitor.visit_enum(Rest(self, index))
    }
    fn is_human_readable(&self) -> bool {
        false
    }

    serde::forward_to_deserialize_any! {
        i8 i32 i64 i128 u16 u128 f32 char unit unit_struct tuple_struct map identifier ignored_any
    }
}
