// Package rego decides by policies in Rego, the language of the Open Policy Agent.
//
// An [Engine] has two kinds of policies: the operator's, which come from a [Source] and
// always apply, and those of tenants, which are kept in a [Store], are compiled apart, and
// can only restrict further. Policies change while the engine is in use; each decision is
// made by exactly one revision and names it.
package rego
