import Orchestrator

/// Sums the engine's lines about single layers up to how far a whole pull is. Pure.
///
/// The words are those of the engine's `POST /images/create`, the same from API 1.41 to 1.55. Other lines, such as the
/// digest at the end, say nothing about layers.
struct PullTally: Sendable, Equatable {
    private struct Layer: Sendable, Equatable {
        var bytes: Int64 = 0
        var bytesTotal: Int64?
        var isDone = false
    }

    private let image: String
    private var layers: [String: Layer] = [:]

    init(image: String) { self.image = image }

    mutating func note(_ line: PullProgress) {
        guard let name = line.layer else { return }
        switch line.status {
        case "Pulling fs layer", "Waiting", "Retrying": layers[name, default: Layer()].isDone = false
        case "Downloading":
            layers[name, default: Layer()].bytes = max(0, line.currentBytes ?? 0)
            // A registry that does not tell the size is answered with 0 or less.
            if let total = line.totalBytes, total > 0 { layers[name]?.bytesTotal = total }
        case "Verifying Checksum", "Download complete", "Extracting": finishDownload(of: name)
        case "Pull complete", "Already exists":
            finishDownload(of: name)
            layers[name]?.isDone = true
        default: break
        }
    }

    /// A layer whose download was never reported was present already, or was too small to be reported.
    private mutating func finishDownload(of name: String) {
        var layer = layers[name] ?? Layer()
        layer.bytesTotal = layer.bytesTotal ?? layer.bytes
        layer.bytes = layer.bytesTotal ?? layer.bytes
        layers[name] = layer
    }

    /// The sum of what a registry says, whatever it says.
    private static func sum(_ sizes: [Int64]) -> Int64 {
        sizes.reduce(0) { sum, size in
            let (result, isTooLarge) = sum.addingReportingOverflow(size)
            return isTooLarge ? .max : result
        }
    }

    /// How far the pull is.
    var pull: ImagePull {
        let totals = layers.values.compactMap(\.bytesTotal)
        return ImagePull(
            image: image, layers: layers.count, layersDone: layers.values.count { $0.isDone },
            bytes: Self.sum(layers.values.map(\.bytes)),
            bytesTotal: totals.count == layers.count && !layers.isEmpty ? Self.sum(totals) : nil)
    }
}
