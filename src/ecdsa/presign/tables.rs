//! The constant tables of a scheme, made once.

use alloc::sync::Arc;

use crate::ecdsa::EcdsaScheme;
use crate::mul::rvole::Gadget;

pub(super) type SchemeGadget<S> = Gadget<<S as crate::key::Scheme>::Curve, <S as EcdsaScheme>::Parameters>;

/// The gadget of a scheme. It is a constant, and takes as long to make as two multiplications of a point:
/// with the standard library it is kept, without it is made for each session.
#[cfg(feature = "std")]
pub(super) fn gadget<S: EcdsaScheme>() -> Arc<SchemeGadget<S>> {
    use alloc::collections::BTreeMap;
    use core::any::{Any, TypeId};
    use std::sync::RwLock;

    type Made = BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>;
    static MADE: RwLock<Made> = RwLock::new(BTreeMap::new());

    let name = TypeId::of::<SchemeGadget<S>>();
    let found = MADE.read().ok().and_then(|made| made.get(&name).cloned());
    if let Some(Ok(gadget)) = found.map(Arc::downcast) {
        return gadget;
    }
    let gadget = Arc::new(Gadget::new());
    if let Ok(mut made) = MADE.write() {
        made.insert(name, Arc::clone(&gadget) as Arc<dyn Any + Send + Sync>);
    }
    gadget
}

/// The gadget of a scheme.
#[cfg(not(feature = "std"))]
pub(super) fn gadget<S: EcdsaScheme>() -> Arc<SchemeGadget<S>> {
    Arc::new(Gadget::new())
}
