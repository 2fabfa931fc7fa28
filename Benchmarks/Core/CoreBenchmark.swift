import ArgumentParser
import FoundationEssentials

/// Benchmarks of what needs neither an engine nor a database. Each prints a ratio to the C library underneath, doing
/// the same amount of work in the same run.
@main
struct CoreBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-core", abstract: "Measure templates and keys beside the libraries underneath.",
        subcommands: [TemplatesBenchmark.self, KeysBenchmark.self])
}

/// Options that both share.
struct Rounds: ParsableArguments {
    @Option(help: "Rounds; figures are medians.")
    var rounds = 9

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds takes 1 to 1000") }
    }
}

/// Median microseconds of each named piece of work. Rounds alternate between them, so that a busy moment of the machine
/// hits all alike.
func medians(_ rounds: Int, repeats: Int, _ work: [(name: String, body: () throws -> Void)]) throws -> [Double] {
    let clock = ContinuousClock()
    var samples = work.map { _ in [Double]() }
    for _ in 0..<rounds {
        for (index, piece) in work.enumerated() {
            let duration = try clock.measure { for _ in 0..<repeats { try piece.body() } }
            samples[index].append(duration / .microseconds(1) / Double(repeats))
        }
    }
    return samples.map { $0.sorted()[$0.count / 2] }
}

/// One line a figure, or one JSON object.
struct Figures: Encodable {
    let benchmark: String
    let rounds: Int
    let microseconds: [String: Double]
    let ratios: [String: Double]

    func show(json: Bool) throws {
        guard !json else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return print(String(decoding: try encoder.encode(self), as: UTF8.self))
        }
        print("\(benchmark): medians of \(rounds) rounds")
        for (name, value) in microseconds.sorted(by: { $0.value < $1.value }) {
            print("  \(name): \((value * 10).rounded() / 10) µs")
        }
        for (name, value) in ratios.sorted(by: { $0.key < $1.key }) {
            print("  \(name): \((value * 100).rounded() / 100)")
        }
    }
}
