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
            A seed that fails is printed with the command that runs it again, exactly as it was. With --mistakes each \
            planted mistake is searched for instead, to show that the auditor finds it.
            """)

    @Option(help: "Seeds to run.")
    var seeds: UInt64 = 200

    @Option(help: "The first seed.")
    var first: UInt64 = 0

    @Flag(help: "Plant each known mistake, and print after how many seeds it was found.")
    var mistakes = false

    @Option(
        help: "Plant this mistake in the seeds that are run; they should fail then.",
        transform: { name in
            guard let mistake = PlantedMistake(rawValue: name) else {
                throw ValidationError("no mistake is named \(name)")
            }
            return mistake
        })
    var plant: PlantedMistake?

    func run() async throws {
        let isGood = mistakes ? try await MistakeSearch(first: first).run() : try await runSeeds()
        if !isGood { throw ExitCode.failure }
    }

    private func runSeeds() async throws -> Bool {
        let begin = ContinuousClock.now
        var total = Total()
        try await Campaign(first: first, count: seeds, mistake: plant).run { total.add($0) }
        total.printSummary(took: ContinuousClock.now - begin)
        let isRepeatable = try await repeatSome(total.failures)
        for failure in total.failures.sorted(by: { $0.seed < $1.seed }) {
            print("seed \(failure.seed) failed: \(failure.violations.joined(separator: "; "))")
            print("  again: scripts/simulate --first \(failure.seed) --seeds 1\(plant.map { " --plant \($0)" } ?? "")")
        }
        print(total.failures.isEmpty ? "no seed failed" : "\(total.failures.count) of \(seeds) seeds failed")
        return total.failures.isEmpty && isRepeatable
    }

    /// Runs the first failures a second time, and some of the seeds that passed: the reports must be the same.
    private func repeatSome(_ failures: [SimulationReport]) async throws -> Bool {
        let stride = max(1, seeds / Self.repetitions)
        let chosen = Array(Swift.stride(from: first, to: first + seeds, by: Int(stride)))
        var isRepeatable = true
        for seed in Set(chosen + failures.map(\.seed).prefix(Int(Self.repetitions))).sorted() {
            let reports = [
                try await Simulation.run(seed: seed, mistake: plant),
                try await Simulation.run(seed: seed, mistake: plant),
            ]
            guard reports[0] != reports[1] else { continue }
            isRepeatable = false
            print(
                "seed \(seed) does not replay: two runs had the digests \(reports.map { String($0.digest, radix: 16) })"
            )
        }
        print(
            "\(chosen.count) seeds run twice more: " + (isRepeatable ? "the same each time" : "NOT the same each time"))
        return isRepeatable
    }

    private static let repetitions: UInt64 = 20
}

/// Many seeds, as many at once as the machine has work for. A seed shares nothing with another one, so it does not
/// matter which worker runs it when.
struct Campaign {
    static let parallelRuns = 2

    let first: UInt64
    let count: UInt64
    var mistake: PlantedMistake?

    func run(_ note: (SimulationReport) -> Void) async throws {
        try await withThrowingTaskGroup(of: SimulationReport.self) { group in
            var next = first
            func launch() {
                guard next < first + count else { return }
                group.addTask { [next, mistake] in try await Simulation.run(seed: next, mistake: mistake) }
                next += 1
            }
            for _ in 0..<Self.parallelRuns { launch() }
            while let report = try await group.next() {
                note(report)
                launch()
            }
        }
    }
}

/// Searches each planted mistake in as many seeds as it may take.
struct MistakeSearch {
    let first: UInt64

    func run() async throws -> Bool {
        var missed = 0
        for mistake in PlantedMistake.allCases {
            var seed = first
            var found: String?
            while found == nil, seed < first + mistake.seedsMax {
                found = try await Simulation.run(seed: seed, mistake: mistake).violations.first
                seed += 1
            }
            let number = "\(seed - first) of \(mistake.seedsMax) seeds"
            print("\(mistake.rawValue): " + (found.map { "found within \(number): \($0)" } ?? "NOT FOUND in \(number)"))
            if found == nil { missed += 1 }
        }
        print("\(PlantedMistake.allCases.count - missed) of \(PlantedMistake.allCases.count) mistakes found")
        return missed == 0
    }
}
