import CurlKit
import FoundationEssentials
import HTTPStub
import Orchestrator
import ProjectModel
import Reconciler
import Testing

@testable import DockerEngine

@Suite("How far a pull is")
struct PullTallyTests {
    /// Lines as the engine sends them: a status, of which layer, and how much of it.
    private static func line(_ status: String, layer: String? = nil, bytes: (Int, Int)? = nil) -> String {
        let detail = bytes.map { #"{"current":\#($0.0),"total":\#($0.1)}"# } ?? "{}"
        let id = layer.map { #","id":"\#($0)""# } ?? ""
        return #"{"status":"\#(status)","progressDetail":\#(detail)\#(id)}"#
    }

    private func tally(_ lines: [String]) throws -> ImagePull {
        var tally = PullTally(image: "a/b:1")
        for line in lines {
            tally.note(try JSONDecoder().decode(PullProgress.self, from: Data(line.utf8)))
        }
        return tally.pull
    }

    private func pull(layers: Int, done: Int, bytes: Int64, of total: Int64?) -> ImagePull {
        ImagePull(image: "a/b:1", layers: layers, layersDone: done, bytes: bytes, bytesTotal: total)
    }

    @Test("sizes that no number holds together are the largest number, not the end of the manager")
    func hugeLayers() throws {
        let lines = ["aa", "bb"].map { Self.line("Downloading", layer: $0, bytes: (Int.max, Int.max)) }
        #expect(try tally(lines) == pull(layers: 2, done: 0, bytes: .max, of: .max))
    }

    @Test("layers and bytes add up, and the sum is known once each layer's size is")
    func wholePull() throws {
        var lines = [
            Self.line("Pulling from a/b", layer: "1"), Self.line("Already exists", layer: "aa"),
            Self.line("Pulling fs layer", layer: "bb"),
            Self.line("Pulling fs layer", layer: "cc"), Self.line("Waiting", layer: "cc"),
        ]
        #expect(try tally(lines) == pull(layers: 3, done: 1, bytes: 0, of: nil))
        lines.append(Self.line("Downloading", layer: "bb", bytes: (10, 100)))
        #expect(try tally(lines) == pull(layers: 3, done: 1, bytes: 10, of: nil))
        lines.append(Self.line("Downloading", layer: "cc", bytes: (5, 50)))
        #expect(try tally(lines) == pull(layers: 3, done: 1, bytes: 15, of: 150))
        lines += [Self.line("Verifying Checksum", layer: "bb"), Self.line("Download complete", layer: "bb")]
        #expect(try tally(lines) == pull(layers: 3, done: 1, bytes: 105, of: 150))
        // What is unpacked is larger than what was downloaded; it is not counted.
        lines += [Self.line("Extracting", layer: "bb", bytes: (400, 900)), Self.line("Pull complete", layer: "bb")]
        #expect(try tally(lines) == pull(layers: 3, done: 2, bytes: 105, of: 150))
        lines += [
            Self.line("Download complete", layer: "cc"), Self.line("Pull complete", layer: "cc"),
            Self.line("Digest: sha256:0"),
        ]
        #expect(try tally(lines) == pull(layers: 3, done: 3, bytes: 150, of: 150))
        #expect("\(try tally(lines))" == "3 of 3 layers, 0.0 of 0.0 MB")
    }

    @Test("sizes that make no sense are taken for unknown")
    func nonsense() throws {
        let lines = [
            Self.line("Downloading", layer: "aa", bytes: (-5, -1)),
            Self.line("Downloading", layer: "bb", bytes: (7, 0)),
        ]
        #expect(try tally(lines) == pull(layers: 2, done: 0, bytes: 7, of: nil))
        #expect(try tally([Self.line("Status: Image is up to date")]) == pull(layers: 0, done: 0, bytes: 0, of: nil))
    }

    @Test("of two pulls of the same image, the end of the first leaves the progress of the second")
    func twice() {
        let pulls = ImagePulls()
        pulls.begin("a")
        pulls.begin("a")
        pulls.note(ImagePull(image: "a", layers: 2))
        pulls.end("a")
        #expect(pulls.underWay("a") == ImagePull(image: "a", layers: 2))
        pulls.end("a")
        #expect(pulls.underWay("a") == nil)
        #expect(pulls.last("a") == ImagePull(image: "a", layers: 2))
        pulls.begin("a")
        #expect(pulls.underWay("a") == ImagePull(image: "a"))
    }
}
