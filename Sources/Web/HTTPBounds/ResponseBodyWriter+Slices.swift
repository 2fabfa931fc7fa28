package import HummingbirdCore
package import NIOCore

/// Bytes that are written at once. A client has to take so many in within ``ConnectionRegistry/Deadlines/room``.
private let sliceBytes = 262_144

extension ResponseBodyWriter {
    /// Writes a buffer in slices, so that a slow client makes progress before the deadline and a stalled one does not.
    package mutating func write(slicesOf buffer: ByteBuffer) async throws {
        var rest = buffer
        while let slice = rest.readSlice(length: min(rest.readableBytes, sliceBytes)), slice.readableBytes > 0 {
            try await write(slice)
        }
    }
}
