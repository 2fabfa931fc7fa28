import DataPlaneCore
import Testing

@Suite("Streamed answers")
struct AnswerStreamTests {
    private func taken(_ stream: AnswerStream) async throws -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        while let piece = try await stream.next() { pieces.append(piece) }
        return pieces
    }

    @Test("head and pieces come in their order, to the end")
    func order() async throws {
        let stream = AnswerStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                stream.begin(ServiceResponse(status: 201))
                stream.begin(ServiceResponse(status: 500))
                for number in 0..<200 { try await stream.write([UInt8(number)]) }
                try await stream.write([])
                stream.finish()
            }
            #expect(await stream.head()?.status == 201)
            #expect(try await taken(stream) == (0..<200).map { [UInt8($0)] })
            try await group.waitForAll()
        }
        #expect(stream.hasBegun)
    }

    @Test("one that fails is never taken for a whole one, and what was handed over before is not lost")
    func failure() async throws {
        let stream = AnswerStream()
        stream.begin(ServiceResponse(status: 200))
        try await stream.write([1])
        stream.fail()
        stream.finish()
        #expect(try await stream.next() == [1])
        await #expect(throws: AnswerStream.Broken.self) { try await stream.next() }
        let none = AnswerStream()
        none.fail()
        #expect(await none.head()?.status == nil)
    }

    @Test("who makes an answer that nobody takes learns it, also while it waits")
    func abandonment() async throws {
        let stream = AnswerStream()
        stream.begin(ServiceResponse(status: 200))
        try await stream.write([1])
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do { try await stream.write([2]) } catch { return true }
                return false
            }
            group.addTask {
                await stream.abandoned()
                return true
            }
            stream.abandon()
            for await learned in group { #expect(learned) }
        }
    }

    @Test("a cancelled task waits for nothing")
    func cancellation() async {
        let stream = AnswerStream()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await stream.head() }
            group.addTask { await stream.abandoned() }
            group.addTask { _ = try? await stream.next() }
            group.addTask {
                do {
                    try await stream.write([1])
                    try await stream.write([2])
                } catch {}
            }
            group.cancelAll()
        }
    }
}
