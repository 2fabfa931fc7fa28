import OrchestratorTesting
import ProjectModel

/// What many seeds did together.
struct Total {
    var seeds = 0
    var steps = 0
    var calls = 0
    var seconds = 0
    var faults: [FaultKind: Int] = [:]
    var statuses: [ProjectStatus: Int] = [:]
    var edges: [StatusEdge: Int] = [:]
    var failures: [SimulationReport] = []

    mutating func add(_ report: SimulationReport) {
        seeds += 1
        steps += report.steps
        calls += report.engineCalls
        seconds += report.seconds
        faults.merge(report.faults) { $0 + $1 }
        statuses.merge(report.statuses) { $0 + $1 }
        edges.merge(report.edges) { $0 + $1 }
        if !report.violations.isEmpty { failures.append(report) }
    }

    func printSummary(took duration: Duration) {
        let wall = duration.formatted()
        print(
            "\(seeds) seeds in \(wall): \(steps) steps, \(calls) calls to the engine, \(seconds / 3_600) virtual hours")
        print("faults injected:")
        table(FaultKind.allCases.map { ($0.rawValue, faults[$0, default: 0]) })
        let known = ProjectStatus.allCases
        print("statuses, \(known.count { statuses[$0] != nil }) of \(known.count) seen:")
        table(known.map { ($0.rawValue, statuses[$0, default: 0]) })
        let moves = StatusEdge.all
        print("changes of status, \(moves.count { edges[$0] != nil }) of \(moves.count) seen:")
        table(moves.map { ($0.description, edges[$0, default: 0]) })
    }

    private func table(_ rows: [(name: String, count: Int)]) {
        let width = rows.map(\.name.count).max() ?? 0
        for row in rows {
            print("  " + row.name + String(repeating: " ", count: width - row.name.count) + "  \(row.count)")
        }
    }
}

extension Duration {
    /// In seconds with one digit.
    fileprivate func formatted() -> String { "\(wholeMilliseconds / 100 / 10).\(wholeMilliseconds / 100 % 10) s" }
}
