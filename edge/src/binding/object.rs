//! A Durable Object's own state: its storage, its transactions, its alarm.

use super::fault::Fault;
use super::sql::{RawSql, Sql};
use core::panic::AssertUnwindSafe;
use js_sys::futures::JsFuture;
use ringlet_core::time::UnixMillis;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type RawState;

    #[wasm_bindgen(method, getter)]
    fn storage(this: &RawState) -> RawStorage;

    #[derive(Clone, Debug)]
    type RawStorage;

    #[wasm_bindgen(method, getter)]
    fn sql(this: &RawStorage) -> RawSql;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &RawStorage,
        body: &mut dyn FnMut() -> Result<JsValue, JsValue>,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    fn set_alarm(this: &RawStorage, at_ms: f64) -> Result<js_sys::Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = getAlarm)]
    fn get_alarm(this: &RawStorage) -> Result<js_sys::Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = deleteAlarm)]
    fn delete_alarm(this: &RawStorage) -> Result<js_sys::Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = deleteAll)]
    fn delete_all(this: &RawStorage) -> Result<js_sys::Promise, JsValue>;
}

/// The storage of one object.
#[derive(Debug)]
pub(crate) struct Store {
    storage: RawStorage,
    sql: Sql,
}

impl Store {
    /// Takes the state that the constructor of the object was given.
    pub(crate) fn new(state: &worker::State) -> Self {
        let state: JsValue = state.as_raw().into();
        let storage = state.unchecked_ref::<RawState>().storage();
        let sql = Sql::new(storage.sql());
        Self { storage, sql }
    }

    /// The SQL outside a transaction, for reading.
    pub(crate) fn sql(&self) -> &Sql {
        &self.sql
    }

    /// Runs `body` as one transaction: all of its statements happen, or none when it returns an
    /// error or panics. (The platform itself would keep the statements before an error.)
    ///
    /// # Errors
    /// The error of `body`, or what the platform says of the commit.
    pub(crate) fn transaction<T, E: From<Fault>>(
        &self,
        body: impl FnOnce(&Sql) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut body = Some(body);
        let mut outcome: Option<Result<T, E>> = None;
        let committed = {
            // A panic below leaves `outcome` empty, and nothing else is touched: safe to unwind.
            let mut slots = AssertUnwindSafe((&mut body, &mut outcome, &self.sql));
            let mut closure = move || {
                // The whole wrapper is captured, not its fields.
                let slots = &mut slots;
                let (body, outcome, sql) = &mut slots.0;
                let result = match body.take() {
                    Some(body) => body(sql),
                    None => Err(Fault::new("a transaction was run twice").into()),
                };
                let failed = result.is_err();
                **outcome = Some(result);
                // The exception is what makes the platform roll back.
                if failed {
                    Err(JsValue::from_str("rolled back"))
                } else {
                    Ok(JsValue::UNDEFINED)
                }
            };
            self.storage.transaction_sync(&mut closure)
        };
        match (outcome, committed) {
            (Some(Err(fault)), _) => Err(fault),
            (_, Err(thrown)) => Err(Fault::from(thrown).into()),
            (Some(done), Ok(_)) => done,
            (None, Ok(_)) => Err(Fault::new("the platform did not run the transaction").into()),
        }
    }

    /// Asks for the alarm at `at`, in place of any other.
    ///
    /// # Errors
    /// What the platform says.
    pub(crate) async fn set_alarm(&self, at: UnixMillis) -> Result<(), Fault> {
        JsFuture::from(self.storage.set_alarm(at.0 as f64)?).await?;
        Ok(())
    }

    /// Asks for the alarm at `at` without waiting: it is written with the statements of this turn.
    /// The alarm is an aid; that it could not be set harms nothing.
    pub(crate) fn set_alarm_soon(&self, at: UnixMillis) {
        drop(self.storage.set_alarm(at.0 as f64));
    }

    /// Whether an alarm is set.
    ///
    /// # Errors
    /// What the platform says.
    pub(crate) async fn has_alarm(&self) -> Result<bool, Fault> {
        let at = JsFuture::from(self.storage.get_alarm()?).await?;
        Ok(!at.is_null())
    }

    /// Sets no alarm.
    ///
    /// # Errors
    /// What the platform says.
    pub(crate) async fn delete_alarm(&self) -> Result<(), Fault> {
        JsFuture::from(self.storage.delete_alarm()?).await?;
        Ok(())
    }

    /// Forgets everything, the alarm included.
    ///
    /// # Errors
    /// What the platform says.
    pub(crate) async fn delete_all(&self) -> Result<(), Fault> {
        JsFuture::from(self.storage.delete_alarm()?).await?;
        JsFuture::from(self.storage.delete_all()?).await?;
        Ok(())
    }
}
