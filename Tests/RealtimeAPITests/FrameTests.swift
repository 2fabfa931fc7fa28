import DataPlaneCore
import Testing

@testable import RealtimeAPI

@Suite("Frames")
struct FrameTests {
    private func message(_ text: String, _ version: FrameVersion) -> ClientMessage? {
        FrameDecoder(version: version).message(.text(Array(text.utf8)))
    }

    @Test(arguments: [
        (FrameVersion.one, #"{"topic":"t","event":"e","payload":{"a":1},"ref":"2","join_ref":"1"}"#),
        (.two, #"["1","2","t","e",{"a":1}]"#),
    ])
    func readsText(version: FrameVersion, text: String) throws {
        let wanted = ChannelFrame(joinRef: "1", ref: "2", topic: "t", event: "e", payload: try json(#"{"a":1}"#))
        #expect(message(text, version) == .frame(wanted))
    }

    @Test func referencesMayBeMissing() throws {
        let wanted = ChannelFrame(topic: "t", event: "e", payload: .object([]))
        #expect(message(#"{"topic":"t","event":"e"}"#, .one) == .frame(wanted))
        #expect(message(#"[null,null,"t","e",{}]"#, .two) == .frame(wanted))
    }

    @Test func numbersAreReferencesToo() {
        #expect(
            message(#"[1,2,"t","e",{}]"#, .two)
                == .frame(ChannelFrame(joinRef: "1", ref: "2", topic: "t", event: "e", payload: .object([]))))
    }

    @Test(arguments: ["", "{", "[]", "null", #"["1","2","t","e"]"#, #"["1","2",3,"e",{}]"#, #"{"topic":"x"}"#])
    func whatIsNoFrameIsNothing(text: String) {
        #expect(message(text, .two) == nil)
        #expect(message(text, .one) == nil)
    }

    @Test func documentsOfTooManyValuesAreNoFrames() throws {
        for count in [10_000, 30_000] {
            let many = "[" + Array(repeating: "0", count: count).joined(separator: ",") + "]"
            #expect((message(#"["1","2","t","e",\#(many)]"#, .two) != nil) == (count == 10_000))
            #expect(
                (message(#"{"topic":"t","event":"e","payload":\#(many)}"#, .one) != nil)
                    == (count == 10_000))
        }
    }

    @Test func bytesAreNothingInVersionOne() throws {
        let frame = try bytes(hex: "030000010100017465" + "7b7d")
        #expect(FrameDecoder(version: .one).message(.binary(frame)) == nil)
        #expect(FrameDecoder(version: .two).message(.binary(frame)) != nil)
    }

    @Test func everyShortenedBinaryFrameIsNothingOrAMessage() throws {
        let whole = try bytes(hex: "0301010e06000131327265616c74696d653a726f6f6d31637572736f727b2278223a317d")
        let headBytes = whole.count - 7
        for count in 0..<headBytes {
            #expect(FrameDecoder(version: .two).message(.binary(Array(whole.prefix(count)))) == nil)
        }
    }

    @Test func randomBytesNeverEndTheDecoder() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let data = (0..<Int.random(in: 0..<64)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            for version in FrameVersion.allCases {
                _ = FrameDecoder(version: version).message(.binary(data))
                _ = FrameDecoder(version: version).message(.text(data))
            }
        }
    }

    @Test func aBroadcastTakesTheFormOfItsReader() {
        let broadcast = UserBroadcast(
            topic: "realtime:r", event: "e", metadata: Array(#"{"id":"7"}"#.utf8), encoding: .json,
            payload: Array(#"{"a":1}"#.utf8))
        #expect(
            FrameEncoder(version: .one).data(.broadcast(broadcast))
                == .text(
                    Array(
                        (#"{"event":"broadcast","payload":{"type":"broadcast","event":"e","payload":{"a":1},"#
                            + #""meta":{"id":"7"}},"ref":null,"topic":"realtime:r"}"#).utf8)))
        let binary = [4, 10, 1, 10, 1] + Array(#"realtime:re{"id":"7"}{"a":1}"#.utf8)
        #expect(FrameEncoder(version: .two).data(.broadcast(broadcast)) == .binary(binary))
    }

    @Test func rawBytesAreNotForVersionOne() {
        let broadcast = UserBroadcast(topic: "realtime:r", event: "e", encoding: .raw, payload: [0, 255])
        #expect(FrameEncoder(version: .one).data(.broadcast(broadcast)) == nil)
        #expect(FrameEncoder(version: .two).data(.broadcast(broadcast)) != nil)
    }

    @Test func aLongEventMakesABroadcastText() {
        let broadcast = UserBroadcast(
            topic: "realtime:r", event: String(repeating: "x", count: 256), encoding: .json, payload: Array("1".utf8))
        guard case .text? = FrameEncoder(version: .two).data(.broadcast(broadcast)) else {
            Issue.record("256 bytes do not fit into one byte's length")
            return
        }
    }
}

@Suite("Recorded frames", .enabled(if: RecordedData.exists("realtime-frames.json")))
struct RecordedFrameTests {
    private struct Recorded {
        var name: String
        var isOfClient: Bool
        var json: JSONText

        init(_ json: JSONText) throws {
            name = try #require(json["name"]?.stringValue)
            isOfClient = json["direction"]?.stringValue == "client to server"
            self.json = json
        }
    }

    private func recorded(_ kind: String) throws -> [Recorded] {
        try #require(try RecordedData.json("realtime-frames.json")[kind]?.arrayValue).map(Recorded.init)
    }

    private func frame(of array: JSONText) throws -> ChannelFrame {
        guard case .frame(let frame)? = FrameDecoder(version: .two).message(.text(Array(array.text.utf8))) else {
            throw RecordedFailure()
        }
        return frame
    }

    private struct RecordedFailure: Error {}

    @Test func textOfClientsIsReadAlikeInBothVersions() throws {
        for case let recorded in try recorded("text") where recorded.isOfClient {
            guard let one = recorded.json["vsn1"], let two = recorded.json["vsn2"], two != .null else { continue }
            let read = FrameDecoder(version: .one).message(.text(Array(one.text.utf8)))
            #expect(read == .frame(try frame(of: two)), "\(recorded.name)")
        }
    }

    @Test func textOfTheServerIsWrittenInBothVersions() throws {
        for recorded in try recorded("text") where !recorded.isOfClient {
            let two = try #require(recorded.json["vsn2"])
            let frame = try frame(of: two)
            for (version, wanted) in [(FrameVersion.one, recorded.json["vsn1"]), (.two, two)] {
                let written = try #require(FrameEncoder(version: version).data(.frame(frame)))
                #expect(sorted(try JSONText(written.bytes)) == sorted(try #require(wanted)), "\(recorded.name)")
            }
        }
    }

    @Test func binaryFramesAreReadAndWritten() throws {
        for recorded in try recorded("binary") {
            let frame = try bytes(hex: try #require(recorded.json["hex"]?.stringValue))
            let wanted = try #require(recorded.json["decoded"])
            let encoding: UserBroadcast.Encoding = wanted["encoding"]?.stringValue == "json" ? .json : .raw
            let payload =
                try wanted["payload_hex"]?.stringValue.map { try bytes(hex: $0) }
                ?? Array(try #require(wanted["payload"]).text.utf8)
            let metadata = wanted["metadata"].map { $0 == .null ? "" : $0.text } ?? ""
            let broadcast = UserBroadcast(
                topic: try #require(wanted["topic"]?.stringValue), event: try #require(wanted["event"]?.stringValue),
                metadata: Array(metadata.utf8), encoding: encoding, payload: payload)
            if recorded.isOfClient {
                let reference = { (name: String) in wanted[name]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } }
                #expect(
                    FrameDecoder(version: .two).message(.binary(frame))
                        == .broadcast(broadcast, joinRef: reference("join_ref"), ref: reference("ref")),
                    "\(recorded.name)")
            } else {
                #expect(FrameEncoder(version: .two).data(.broadcast(broadcast)) == .binary(frame), "\(recorded.name)")
            }
        }
    }

    @Test func malformedFramesAreNothing() throws {
        for recorded in try #require(
            try RecordedData.json("realtime-frames.json")["malformed_frames_the_connection_survives"]?.arrayValue)
        {
            let data: SocketData =
                try recorded["frame_hex"]?.stringValue.map { .binary(try bytes(hex: $0)) }
                ?? .text(Array(try #require(recorded["frame_text"]?.stringValue).utf8))
            #expect(FrameDecoder(version: .two).message(data) == nil)
        }
    }
}
