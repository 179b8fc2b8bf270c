//! Declared constants.

use rebound_domain::claims::Constant;
use rebound_domain::ids::ConstantKey;

use crate::Engine;
use crate::error::ControlError;
use crate::keys;

impl Engine {
    /// Declares a constant, or changes it. None is ever taken back: templates name it. One that holds no more is given
    /// an end that has passed.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] naming what does not stand.
    pub async fn set_constant(&self, constant: Constant) -> Result<(), ControlError> {
        let _writing = self.shared.control_writer.lock().await;
        constant
            .check()
            .map_err(|error| ControlError::Invalid { field: error.field(), problem: error.to_string() })?;
        let known = self.control().constants.get(&constant.key).copied();
        let revision = self.write("texts", keys::constant(&constant.key), known, &constant).await?;
        self.change_control(|control| {
            control.constants.insert(constant.key.clone(), revision);
            control.book.declare(constant);
        });
        Ok(())
    }

    /// One constant.
    #[must_use]
    pub fn constant(&self, key: &ConstantKey) -> Option<Constant> {
        self.control().book.constant(key).cloned()
    }

    /// Every constant, by key.
    #[must_use]
    pub fn constants(&self) -> Vec<Constant> {
        self.control().book.constants().cloned().collect()
    }
}
