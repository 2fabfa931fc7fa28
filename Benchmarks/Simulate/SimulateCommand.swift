import ArgumentParser
import OrchestratorTesting
import ProjectModel

/// Runs the simulation over many seeds and prints what happened in them.
@main
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run the production core on a simulated host, seed after seed, with faults and an auditor.",
        discussion: """
            A seed that fails is printed and replays exactly: simulate --first SEED --seeds 1. With --mistakes each \
            planted mistake is searched for instead, to show that the auditor finds it.
            """)

    @Option(help: "Seeds to run.")
    var seeds: UInt64 = 200

    @Option(help: "The first seed.")
    var first: UInt64 = 0

    @Flag(help: "Plant each known mistake, and tell after how many seeds it was found.")
    var mistakes = false

    func run() async throws {
        let isGood = mistakes ? try await runMistakes() : try await runSeeds()
        if !isGood { throw ExitCode.failure }
    }

    private func runSeeds() async throws -> Bool {
        var total = Total()
        // Half the seeds each: the machine's second core has work too, and a seed does not care who runs it.
        try await withThrowingTaskGroup(of: SimulationReport.self) { group in
            var next = first
            let end = first + seeds
            for _ in 0..<Self.parallelRuns where next < end {
                group.addTask { [next] in try await Simulation.run(seed: next) }
                next += 1
            }
            while let report = try await group.next() {
                total.add(report)
                guard next < end else { continue }
                group.addTask { [next] in try await Simulation.run(seed: next) }
                next += 1
            }
        }
        total.printSummary()
        return total.failures.isEmpty
    }

    private static let parallelRuns = 2

    private func runMistakes() async throws -> Bool {
        var missed = 0
        for mistake in PlantedMistake.allCases {
            var seed = first
            var found: String?
            while found == nil, seed < first + seeds {
                found = try await Simulation.run(seed: seed, mistake: mistake).violations.first
                seed += 1
            }
            let text = found.map { "found after \(seed - first) seeds: \($0)" } ?? "not found in \(seeds) seeds"
            print("\(mistake.rawValue): \(text)")
            if found == nil { missed += 1 }
        }
        print("\(PlantedMistake.allCases.count - missed) of \(PlantedMistake.allCases.count) mistakes found")
        return missed == 0
    }
}

/// What many seeds did together.
struct Total {
    var seeds = 0
    var steps = 0
    var calls = 0
    var seconds = 0
    var faults: [FaultKind: Int] = [:]
    var statuses: Set<ProjectStatus> = []
    var edges: Set<StatusEdge> = []
    var failures: [SimulationReport] = []

    mutating func add(_ report: SimulationReport) {
        seeds += 1
        steps += report.steps
        calls += report.engineCalls
        seconds += report.seconds
        faults.merge(report.faults) { $0 + $1 }
        statuses.formUnion(report.statuses)
        edges.formUnion(report.edges)
        if !report.violations.isEmpty { failures.append(report) }
    }

    func printSummary() {
        for failure in failures.sorted(by: { $0.seed < $1.seed }) {
            print("seed \(failure.seed): \(failure.violations.joined(separator: "; "))")
        }
        print("\(seeds) seeds, \(steps) steps, \(calls) calls to the engine, \(seconds / 3_600) hours of virtual time")
        for kind in FaultKind.allCases { print("  \(kind.rawValue): \(faults[kind, default: 0])") }
        let moves = edges.filter { $0.from != $0.to }
        print("statuses seen: \(statuses.count) of \(ProjectStatus.allCases.count); changes seen: \(moves.count)")
        print("  " + moves.sorted().map(\.description).joined(separator: ", "))
        print(failures.isEmpty ? "no seed failed" : "\(failures.count) seeds failed")
    }
}
