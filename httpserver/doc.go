// Package httpserver makes a safe server of handlers: it refuses unclean paths
// ([Guard]), gives each request an id and a record ([Record]), measures it
// ([Telemetry]), logs it ([AccessLog]), survives its panics ([Recover]), bounds
// how long it may stand still ([RollingDeadlines]), lets pages of other origins call
// it ([CORS]) and stops in peace ([Serve]).
//
// Each part is plain middleware and works without the others, in this order:
//
//	cpodkit.Chain(httpserver.Guard(mux),
//		httpserver.Record(cpodkit.ServerInfo{Realm: "example"}),
//		httpserver.AccessLog(log),
//		httpserver.Recover(log))
package httpserver
