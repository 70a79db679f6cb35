//go:build race

package storagetest

const raceDetector = true
