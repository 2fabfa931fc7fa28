import Glibc

/// Why a file could not be read.
enum KernelFileError: Error, Equatable, CustomStringConvertible {
    case tooLarge(bytesMax: Int)
    /// The system's error number.
    case system(Int32)

    var description: String {
        switch self {
        case .tooLarge(let bytesMax): "is larger than \(bytesMax) bytes"
        case .system(EACCES), .system(EPERM): "cannot be read: permission denied"
        case .system(EISDIR): "cannot be read: it is a folder"
        case .system(let number): "cannot be read: errno \(number)"
        }
    }
}

/// Files of the proc file system. They have no size of their own, and each read returns at most a page, so that the end
/// is where a read returns nothing. FoundationEssentials takes the first page for the whole file (Swift 6.3), which is
/// why the system is asked directly here. No pointer leaves the two marked calls: the first gets a string, the second
/// an array together with its count.
enum KernelFile {
    private static let chunkBytes = 1 << 16

    /// All bytes of a file of up to `bytesMax`; nothing when it does not exist.
    static func bytes(of path: String, bytesMax: Int) throws(KernelFileError) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let number = errno
            if number == ENOENT { return nil }
            throw .system(number)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: chunkBytes)
        while true {
            let count = unsafe read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(errno) }
            guard count > 0 else { return bytes }
            guard bytes.count + count <= bytesMax else { throw .tooLarge(bytesMax: bytesMax) }
            bytes += chunk.prefix(count)
        }
    }
}
