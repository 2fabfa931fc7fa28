import Glibc

/// An open regular file. Its calls block: run them by ``FileWorkers``.
///
/// `Sendable`: the descriptor never changes, and all calls name their offset.
public final class DiskFile: Sendable {
    /// Who may read what is made here: only the user that runs the program.
    private static let mode: mode_t = 0o600
    private static let copyBytesMax = 1 << 20

    private let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = Glibc.close(descriptor) }

    /// Makes a new file; one that is there already is refused.
    public static func create(_ path: String) throws(FileError) -> DiskFile {
        try open(path, O_RDWR | O_CREAT | O_EXCL, for: "create")
    }

    /// Opens a file for reading.
    public static func reading(_ path: String) throws(FileError) -> DiskFile { try open(path, O_RDONLY, for: "open") }

    /// Opens a file that is there for more.
    public static func writing(_ path: String) throws(FileError) -> DiskFile { try open(path, O_RDWR, for: "open") }

    private static func open(_ path: String, _ flags: Int32, for operation: String) throws(FileError) -> DiskFile {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw FileError(operation) }
        return DiskFile(descriptor)
    }

    /// The number of bytes.
    public func size() throws(FileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("stat") }
        return Int(status.st_size)
    }

    /// Writes all bytes at an offset.
    public func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            }
            if count < 0 {
                guard errno == EINTR else { throw FileError("write") }
            } else {
                guard count > 0 else { throw FileError("write", code: EIO) }
                done += count
            }
        }
    }

    /// Up to `count` bytes from an offset; fewer only at the end of the file.
    public func read(at offset: Int, upTo count: Int) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
            while filled < count {
                let start = buffer.baseAddress.map { $0 + filled }
                let got = pread(descriptor, start, count - filled, off_t(offset + filled))
                if got > 0 {
                    filled += got
                } else if got == 0 {
                    break
                } else if errno != EINTR {
                    failure = FileError("read")
                    break
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes the whole of another file at an offset. Returns the bytes that were copied.
    public func append(_ other: DiskFile, at offset: Int) throws(FileError) -> Int {
        var total = 0
        while true {
            let piece = try other.read(at: total, upTo: Self.copyBytesMax)
            guard !piece.isEmpty else { return total }
            try write(piece, at: offset + total)
            total += piece.count
        }
    }

    /// Cuts the file to a length.
    public func truncate(to length: Int) throws(FileError) {
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw FileError("truncate") }
    }

    /// Lends the descriptor, to a program that is started with it.
    public func withDescriptor<Value>(_ body: (Int32) throws -> Value) rethrows -> Value {
        try withExtendedLifetime(self) { try body(descriptor) }
    }

    /// Returns when all of it is on the disk.
    public func sync() throws(FileError) {
        guard fdatasync(descriptor) == 0 else { throw FileError("sync") }
    }
}
