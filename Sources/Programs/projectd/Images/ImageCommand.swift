import ArgumentParser
import FoundationEssentials
import ImageKit

/// `projectd image`: transforms one image from standard input to standard output. `serve` starts it.
struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Transform one image; serve starts this.", shouldDisplay: false)

    @Option var library: String
    @Option var width: Int32
    @Option var height: Int32
    @Option var scaling: Int32
    @Flag var crops = false
    @Option var suffix: String
    @Option var memoryBytes: Int
    @Option var resultBytes: Int
    @Option var seconds: Int
    @Option var sourcePixels: Int
    @Option var resultPixels: Int

    func run() throws {
        guard let scaling = ImageWorker.Order.Scaling(rawValue: scaling),
            [memoryBytes, resultBytes, seconds, sourcePixels, resultPixels].allSatisfy({ $0 > 0 })
        else { throw ValidationError("the order is none that serve makes") }
        let outcome = ImageWorker.run(
            library: library,
            .init(width: width, height: height, scaling: scaling, crops: crops, suffix: suffix),
            within: .init(
                memoryBytes: memoryBytes, resultBytes: resultBytes, seconds: seconds, sourcePixels: sourcePixels,
                resultPixels: resultPixels))
        throw ExitCode(outcome.rawValue)
    }
}
