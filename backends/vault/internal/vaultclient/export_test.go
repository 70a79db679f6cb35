package vaultclient

// Renewal is renewal, for tests.
var Renewal = renewal
