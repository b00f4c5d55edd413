//! Shamir sharing with Feldman commitments.
