//! Runs beside Backstage.
