import NetworkProbes
import ProjectModel
import Reconciler

/// Where all stubs listen.
let loopback = IPv4Address(number: 0x7F00_0001)

/// A deadline that only a hanging probe reaches.
let patience = Duration.seconds(20)

/// A deadline of probes that are meant to reach it.
let haste = Duration.milliseconds(300)

/// Runs a probe against this machine.
func run(_ probe: Probe, within deadline: Duration = patience) async -> ProbeResult {
    await NIOServiceProber().run(probe, at: loopback, deadline: deadline)
}

extension Probe {
    static func get(
        _ port: UInt16, _ path: String = "/health", status: Int? = nil, headers: [String: String] = [:]
    ) -> Probe {
        .http(port: port, path: path, status: status, headers: headers)
    }

    static func database(_ port: UInt16) -> Probe {
        .postgres(port: port, user: "prober", database: "postgres")
    }
}

extension ProbeResult {
    /// Why it is not ready; empty when it is.
    var reason: String {
        switch self {
        case .ready: ""
        case .notReady(let reason): reason
        }
    }
}
