package main

import (
	"fmt"
	"time"
)

const tableHead = `| what | cpodkit /s | PocketBase /s | ratio | bar | p50, p99 of cpodkit | of PocketBase | server CPU a request |
|---|---:|---:|---:|---:|---:|---:|---:|`

func tableLine(r row, m measured) string {
	bar := ""
	if r.bar > 0 {
		bar = fmt.Sprintf("%.1f", r.bar)
		if m.ratio < r.bar {
			bar += " **missed**"
		}
	}
	return fmt.Sprintf("| %s | %.0f | %.0f | **%.1f** | %s | %s | %s | %d, %d µs |",
		r.name, m.ours.perSecond, m.peer.perSecond, m.ratio, bar, latency(m.ours), latency(m.peer),
		m.ours.cpu.Microseconds(), m.peer.cpu.Microseconds())
}

func latency(r result) string {
	const unit = time.Millisecond
	return fmt.Sprintf("%.1f, %.1f ms", float64(r.p50)/float64(unit), float64(r.p99)/float64(unit))
}
