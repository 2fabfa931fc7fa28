import CZlib

/// Decompresses one gzip stream that comes piece by piece, with as much output at a time as the caller takes.
///
/// Not `Sendable`: it belongs to the one who feeds it.
public final class Gunzip {
    private let stream: UnsafeMutablePointer<z_stream>
    private var input: [UInt8] = []
    private var taken = 0
    /// Whether the end of the stream was reached, its checksum included.
    public private(set) var isAtEnd = false

    public init() throws(DeflateError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard supamanager_inflate_begin(stream) == Z_OK else {
            stream.deallocate()
            throw .noMemory
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Gives it the next bytes; those of the last call must have been used up, which ``next(upTo:)`` says by nil.
    public func feed(_ bytes: [UInt8]) {
        input = bytes
        taken = 0
    }

    /// The next bytes of output, at most `count`; nil when it needs more input, or all is there.
    public func next(upTo count: Int = 256 << 10) throws(DeflateError) -> [UInt8]? {
        guard !isAtEnd, taken < input.count else { return nil }
        var status = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            input.withUnsafeMutableBufferPointer { source in
                stream.pointee.next_in = source.baseAddress.map { $0 + taken }
                stream.pointee.avail_in = UInt32(source.count - taken)
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(count)
                status = inflate(stream, Z_NO_FLUSH)
                taken = source.count - Int(stream.pointee.avail_in)
                filled = count - Int(stream.pointee.avail_out)
            }
        }
        guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { throw .damaged }
        isAtEnd = status == Z_STREAM_END
        guard !isAtEnd || taken == input.count else { throw .damaged }
        return output.isEmpty ? nil : output
    }
}

/// Why bytes cannot be compressed or decompressed.
public enum DeflateError: Error, Sendable, Equatable {
    case noMemory
    /// The bytes are no gzip stream, their checksum is wrong, or more follows.
    case damaged
    /// They end too early.
    case truncated
    /// There is more than the limit allows.
    case tooLarge
}
