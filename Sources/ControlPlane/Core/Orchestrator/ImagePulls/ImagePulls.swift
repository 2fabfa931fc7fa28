import Synchronization

/// Pulls under way on this manager's engine, by image. The engine's adapter writes, requests read; nothing here has to
/// survive a restart.
public final class ImagePulls: Sendable {
    private struct Entry {
        var pull: ImagePull
        /// Two projects may pull the same image at once; the engine downloads it once and tells both.
        var pullers = 0
    }

    /// Finished pulls whose figures are kept.
    private static let finishedMax = 256

    private let entries = Mutex<[String: Entry]>([:])

    /// No pulls.
    public init() {}

    /// Notes that a pull begins.
    public func begin(_ image: String) {
        entries.withLock { entries in
            if entries.count > Self.finishedMax { entries = entries.filter { $0.value.pullers > 0 } }
            var entry = entries[image] ?? Entry(pull: ImagePull(image: image))
            if entry.pullers == 0 { entry.pull = ImagePull(image: image) }
            entry.pullers += 1
            entries[image] = entry
        }
    }

    /// Notes how far it is.
    public func note(_ pull: ImagePull) { entries.withLock { $0[pull.image]?.pull = pull } }

    /// Notes that it has ended, in whichever way.
    public func end(_ image: String) {
        entries.withLock { $0[image]?.pullers -= 1 }
    }

    /// How far the pull of an image is; nil when none is under way.
    public func underWay(_ image: String) -> ImagePull? {
        entries.withLock { entries in entries[image].flatMap { $0.pullers > 0 ? $0.pull : nil } }
    }

    /// How far the last pull of an image came, under way or not; nil when there was none.
    public func last(_ image: String) -> ImagePull? { entries.withLock { $0[image]?.pull } }
}
