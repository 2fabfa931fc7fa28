import NIOCore
import ProjectModel
import Reconciler

@testable import NetworkProbes

/// Where all stubs listen.
let loopback = IPv4Address(number: 0x7F00_0001)

/// A deadline that only a hanging probe reaches.
let patience = Duration.seconds(60)

/// A deadline of probes that are meant to reach it.
let haste = Duration.milliseconds(300)

/// Runs a probe against this machine.
func run(_ probe: Probe, within deadline: Duration = patience) async -> ProbeResult {
    await NIOServiceProber().run(probe, at: loopback, deadline: deadline)
}

/// Runs a probe that is going to be late, and says how. A busy machine may need longer than a short deadline to notice
/// even that a connection stands, so that the deadline grows until it does.
func runLate(_ probe: Probe) async -> String {
    var reason = ""
    for deadline in [haste, .milliseconds(900), .milliseconds(2_700), .milliseconds(8_100)] {
        let text = "within \(durationText(TimeAmount(deadline)))"
        reason = await run(probe, within: deadline).reason.replacing(text, with: "in time")
        if reason != "no connection in time" { return reason }
    }
    return reason
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
        case .notReady(let reason), .notMade(let reason): reason
        }
    }
}
