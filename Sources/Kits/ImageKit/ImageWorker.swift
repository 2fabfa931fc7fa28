import CVips
import Glibc

/// The whole work of a process that transforms one image, from its standard input to its standard output.
///
/// What it reads is of strangers, and so is what decoders make of it. Before the first byte is looked at the process has
/// given up everything but its memory and its two files: the kernel bounds the one and refuses whatever else it asks
/// for.
public enum ImageWorker {
    /// What is made of the image, in the words of libvips.
    public struct Order: Sendable {
        /// Which way sides may change.
        public enum Scaling: Int32, Sendable {
            case both = 0
            case down = 2
            case force = 3
        }

        var width: Int32
        var height: Int32
        var scaling: Scaling
        var crops: Bool
        var suffix: String

        /// An order.
        ///
        /// - Parameter suffix: the end of a file's name, with options in brackets.
        public init(width: Int32, height: Int32, scaling: Scaling, crops: Bool, suffix: String) {
            self.width = width
            self.height = height
            self.scaling = scaling
            self.crops = crops
            self.suffix = suffix
        }
    }

    /// What the process may take.
    public struct Limits: Sendable {
        var memoryBytes: Int
        var resultBytes: Int
        var seconds: Int
        var sourcePixels: Int
        var resultPixels: Int

        /// Limits.
        ///
        /// - Parameters:
        ///   - memoryBytes: of memory that is its own.
        ///   - seconds: of a processor.
        public init(memoryBytes: Int, resultBytes: Int, seconds: Int, sourcePixels: Int, resultPixels: Int) {
            self.memoryBytes = memoryBytes
            self.resultBytes = resultBytes
            self.seconds = seconds
            self.sourcePixels = sourcePixels
            self.resultPixels = resultPixels
        }
    }

    /// How the process ends, by its exit code. A signal ends it where a limit is met.
    public enum Outcome: Int32, Sendable {
        case done = 0
        case noImage = 10
        case tooManyPixels = 11
        case damaged = 12
        /// The library is not there or another one.
        case noLibrary = 13
        /// The kernel did not take the limits.
        case notConfined = 14
        /// The image is made and could not be written.
        case notWritten = 15
    }

    /// Transforms the image. The process is confined from then on.
    ///
    /// - Parameter library: the path of libvips.
    public static func run(library: String, _ order: Order, within limits: Limits) -> Outcome {
        becomeFirstVictim()
        var vips = cvips()
        guard cvips_load(&vips, library) != 0 else { return .noLibrary }
        var count = 0
        guard let source = cvips_map(STDIN_FILENO, &count) else { return .noImage }
        guard
            cvips_limit(rlim_t(limits.memoryBytes), rlim_t(limits.resultBytes), rlim_t(limits.seconds)) != 0,
            cvips_confine() != 0
        else { return .notConfined }
        var result: UnsafeMutableRawPointer?
        var size = 0
        let outcome = order.suffix.withCString { suffix in
            var request = cvips_order(
                width: order.width, height: order.height, size: order.scaling.rawValue, crops: order.crops ? 1 : 0,
                suffix: suffix, source_pixels_max: Int64(limits.sourcePixels),
                result_pixels_max: Int64(limits.resultPixels))
            return cvips_transform(&vips, &request, source, count, &result, &size)
        }
        switch outcome {
        case cvips_done: return isWritten(result, size) ? .done : .notWritten
        case cvips_no_image: return .noImage
        case cvips_too_many_pixels: return .tooManyPixels
        default: return .damaged
        }
    }

    /// Where the memory of the container is full, the kernel ends this process before the server.
    private static func becomeFirstVictim() {
        let file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        // Without it the kernel picks the largest, which may be the server.
        _ = write(file, "1000", 4)
        close(file)
    }

    private static func isWritten(_ bytes: UnsafeMutableRawPointer?, _ size: Int) -> Bool {
        guard let bytes else { return false }
        var done = 0
        while done < size {
            let count = write(STDOUT_FILENO, bytes + done, size - done)
            if count < 0 {
                guard errno == EINTR else { return false }
            } else {
                done += count
            }
        }
        return true
    }
}
