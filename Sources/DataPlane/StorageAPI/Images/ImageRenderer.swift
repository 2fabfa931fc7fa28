import DataPlaneCore
public import FileKit

/// Makes images of images.
public protocol ImageRenderer: Sendable {
    /// Bytes that a source may have.
    var sourceBytesMax: Int { get }

    /// An image by an order.
    ///
    /// - Parameters:
    ///   - version: names the source: the same version and order give the same image.
    ///   - source: has at most ``sourceBytesMax`` bytes.
    func render(
        _ order: ImageOrder, of version: ObjectVersion, from source: any PublishedFile
    ) async throws(ImageFailure) -> any PublishedFile

    /// Removes what is kept of a version.
    func forget(_ version: ObjectVersion) async
}

/// Why no image was made.
public enum ImageFailure: Error, Sendable, Equatable {
    /// The file is none that is read.
    case noImage
    /// It, or what was asked for, has more pixels than this.
    case tooManyPixels(Int)
    /// It is damaged, or takes more memory than this many MiB.
    case damaged(memoryMiB: Int)
    /// It takes longer than this many seconds.
    case tooSlow(seconds: Int)
    /// The result has more bytes than this.
    case resultTooLarge(Int)
    /// Too many others wait.
    case busy
    /// The disk failed.
    case file(FileError)
    /// The library or the process is not as it should be; says what operators must know.
    case unavailable(String)
}

extension StorageError {
    init(_ failure: ImageFailure) {
        switch failure {
        case .noImage: self = .noImage
        case .tooManyPixels(let count): self = .image("has, or would have, more than \(count / 1_000_000) megapixels")
        case .damaged(let limit): self = .image("is damaged, or takes more than \(limit) MiB of memory")
        case .tooSlow(let seconds): self = .image("takes longer than \(seconds) s")
        case .resultTooLarge(let bytes): self = .image("becomes larger than \(bytes >> 20) MiB")
        case .busy:
            self.init(
                503, code: "SlowDown", message: "Too many images wait to be transformed; try again later",
                httpStatus: 503)
        case .file(let error): self.init(error as any Error)
        case .unavailable(let cause): self = .unexpected(cause)
        }
    }

    static let noImage = StorageError(
        422, code: "InvalidRequest", error: "Invalid source image",
        message: "The object is no image that can be transformed: it has to be JPEG, PNG, WebP, GIF or AVIF")

    static func image(_ problem: String) -> StorageError {
        StorageError(
            422, code: "InvalidRequest", error: "Invalid source image",
            message: "The image cannot be transformed: it \(problem)")
    }
}
