import FoundationEssentials
import Testing

@testable import PostgresKit

@Suite("Logical replication messages")
struct LogicalMessageTests {
    private func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

    private func value(_ text: String) -> [UInt8] {
        [UInt8(ascii: "t"), 0, 0, 0, UInt8(text.utf8.count)] + Array(text.utf8)
    }

    private let table: [UInt8] = [0, 0, 0, 9]

    @Test func begin() throws {
        let bytes: [UInt8] = Array("B".utf8) + [0, 0, 0, 1, 0, 0, 0, 2] + [0, 0, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 5]
        #expect(
            try LogicalMessage(bytes)
                == .begin(
                    finalPosition: LogPosition(1 << 32 | 2),
                    time: PostgresTimestamp(microsecondsSinceEpoch: 946_684_800_000_001), transaction: 5))
        #expect(LogPosition(1 << 32 | 0xab).description == "1/AB")
    }

    @Test func relation() throws {
        let columns: [UInt8] = [0, 2, 1] + text("id") + [0, 0, 0, 20, 255, 255, 255, 255]
        let bytes =
            Array("R".utf8) + table + text("public") + text("ö") + Array("d".utf8) + columns
            + [0] + text("b") + [0, 0, 0, 25, 0, 0, 0, 7]
        #expect(
            try LogicalMessage(bytes)
                == .relation(
                    LogicalRelation(
                        id: 9, schema: "public", name: "ö", identity: .key,
                        columns: [
                            .init(isKey: true, name: "id", type: 20, modifier: -1),
                            .init(isKey: false, name: "b", type: 25, modifier: 7),
                        ])))
    }

    @Test func rows() throws {
        let new = Array("N".utf8) + [0, 3] + value("1") + Array("nu".utf8)
        #expect(
            try LogicalMessage(Array("I".utf8) + table + new)
                == .insert(relation: 9, new: [.text("1"), .null, .unchanged]))
        #expect(
            try LogicalMessage(Array("U".utf8) + table + new)
                == .update(relation: 9, old: nil, new: [.text("1"), .null, .unchanged]))
        let key = Array("K".utf8) + [0, 1] + value("0")
        #expect(
            try LogicalMessage(Array("U".utf8) + table + key + new)
                == .update(relation: 9, old: .key([.text("0")]), new: [.text("1"), .null, .unchanged]))
        let whole = Array("O".utf8) + [0, 1] + [UInt8(ascii: "b"), 0, 0, 0, 1, 7]
        #expect(try LogicalMessage(Array("D".utf8) + table + whole) == .delete(relation: 9, old: .full([.binary([7])])))
    }

    @Test func theRest() throws {
        #expect(
            try LogicalMessage(Array("T".utf8) + [0, 0, 0, 2, 3] + table + [0, 0, 0, 8])
                == .truncate(relations: [9, 8], cascades: true, restartsIdentity: true))
        let place: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 3]
        #expect(
            try LogicalMessage(Array("M".utf8) + [1] + place + text("p") + [0, 0, 0, 1, 5])
                == .message(isTransactional: true, position: LogPosition(3), prefix: "p", content: [5]))
        #expect(
            try LogicalMessage(Array("O".utf8) + place + text("o")) == .origin(position: LogPosition(3), name: "o"))
        #expect(
            try LogicalMessage(Array("Y".utf8) + table + text("s") + text("n")) == .type(id: 9, schema: "s", name: "n"))
    }

    @Test func shortenedAndLengthenedMessagesAreNone() throws {
        let whole = Array("I".utf8) + table + Array("N".utf8) + [0, 2] + value("abc") + value("d")
        for count in whole.indices {
            #expect(throws: LogicalDecodingError.truncated) { try LogicalMessage(Array(whole.prefix(count))) }
        }
        #expect(throws: LogicalDecodingError.excess) { try LogicalMessage(whole + [0]) }
        #expect(throws: LogicalDecodingError.unknown(UInt8(ascii: "S"))) { try LogicalMessage(Array("S".utf8)) }
    }

    @Test func countsThatCannotBeAreNotBelieved() {
        let head = Array("I".utf8) + table + Array("N".utf8)
        #expect(throws: LogicalDecodingError.truncated) { try LogicalMessage(head + [0x7f, 0xff]) }
        #expect(throws: LogicalDecodingError.truncated) { try LogicalMessage(head + [0xff, 0xff]) }
        let negative: [UInt8] = [0, 1, UInt8(ascii: "t"), 255, 255, 255, 255]
        #expect(throws: LogicalDecodingError.truncated) { try LogicalMessage(head + negative) }
        #expect(throws: LogicalDecodingError.truncated) {
            try LogicalMessage(Array("T".utf8) + [255, 255, 255, 255, 0])
        }
    }

    @Test(arguments: 0..<50) func randomBytesNeverEndTheDecoder(seed: Int) {
        for _ in 0..<100 {
            let bytes = (0..<Int.random(in: 0..<60)).map { _ in UInt8.random(in: 0...255) }
            for letter in "BCRYIUDTMO".utf8 {
                _ = try? LogicalMessage([letter] + bytes)
            }
            _ = try? ReplicationFrame(bytes)
        }
    }

    @Test func framesAndStatus() throws {
        let place: [UInt8] = [0, 0, 0, 0, 0, 0, 1, 0]
        let time = [UInt8](repeating: 0, count: 8)
        #expect(
            try ReplicationFrame(Array("k".utf8) + place + time + [1])
                == .keepalive(end: LogPosition(256), wantsReply: true))
        #expect(
            try ReplicationFrame(Array("w".utf8) + place + place + time + [7, 8])
                == .data(start: LogPosition(256), end: LogPosition(256), [7, 8]))
        #expect(throws: LogicalDecodingError.truncated) { try ReplicationFrame([]) }
        let status = ReplicationFrame.status(upTo: LogPosition(256), at: 946_684_800_000_002)
        #expect(status == Array("r".utf8) + place + place + place + [0, 0, 0, 0, 0, 0, 0, 2, 0])
    }
}

/// Frames recorded from a server, read in place where they are available.
private let recordedFrames: Data? = {
    let folder = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    return FileManager.default.contents(atPath: "/\(folder)/shared/data/pgoutput-frames.json")
}()

@Suite("Recorded replication", .enabled(if: recordedFrames != nil))
struct RecordedReplicationTests {
    private struct Recordings: Decodable {
        struct Frame: Decodable {
            struct Decoded: Decodable {
                struct Value: Decodable {
                    var text: String?
                    var null: Bool?
                    var unchanged: Bool?
                    var binary_hex: String?
                }

                var message: String
                var relation: Relation?
                var new: [Value]?
                var old: [Value]?
                var key: [Value]?
                var oid: UInt32?
                var end_lsn: String?
                var xid: UInt32?

                /// A table's number in changes, its name in descriptions.
                enum Relation: Decodable, Equatable {
                    case number(UInt32)
                    case name(String)

                    init(from decoder: any Decoder) throws {
                        let container = try decoder.singleValueContainer()
                        self =
                            if let number = try? container.decode(UInt32.self) { .number(number) } else {
                                .name(try container.decode(String.self))
                            }
                    }
                }
            }

            var frame: String
            var hex: String
            var wal_end: String
            var decoded: Decoded?
        }

        struct Recording: Decodable {
            var name: String
            var frames: [Frame]
        }

        var recordings: [Recording]
    }

    private func bytes(_ hex: String) throws -> [UInt8] {
        let digits = Array(hex)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(digits[$0..<$0 + 2]), radix: 16))
        }
    }

    private func values(_ recorded: [Recordings.Frame.Decoded.Value]) throws -> [LogicalValue] {
        try recorded.map { value in
            if let text = value.text { return .text(text) }
            if let hex = value.binary_hex { return .binary(try bytes(hex)) }
            return value.null == true ? .null : .unchanged
        }
    }

    @Test func framesOfVersionOneAreRead() throws {
        let recordings = try JSONDecoder().decode(Recordings.self, from: try #require(recordedFrames)).recordings
        let ofVersionOne = recordings.filter { $0.name.hasPrefix("version 1") }
        #expect(ofVersionOne.count == 2)
        for frame in ofVersionOne.flatMap(\.frames) {
            switch try ReplicationFrame(try bytes(frame.hex)) {
            case .keepalive(let end, _):
                #expect(frame.frame == "k")
                #expect(end.description == frame.wal_end)
            case .data(_, let end, let data):
                #expect(end.description == frame.wal_end)
                try check(try LogicalMessage(data), try #require(frame.decoded))
            }
        }
    }

    private func check(_ message: LogicalMessage, _ decoded: Recordings.Frame.Decoded) throws {
        switch message {
        case .begin(_, _, let transaction):
            #expect(decoded.message == "B")
            #expect(transaction == decoded.xid)
        case .commit(_, let end, _): #expect(end.description == decoded.end_lsn)
        case .relation(let relation):
            #expect(relation.id == decoded.oid)
            #expect(decoded.relation == .name(relation.name))
        case .insert(let relation, let new):
            #expect(decoded.relation == .number(relation))
            #expect(new == (try values(try #require(decoded.new))))
        case .update(let relation, let old, let new):
            #expect(decoded.relation == .number(relation))
            #expect(new == (try values(try #require(decoded.new))))
            #expect(old?.values == (try (decoded.key ?? decoded.old).map(values)))
        case .delete(_, let old): #expect(old.values == (try values(try #require(decoded.key ?? decoded.old))))
        case .truncate: #expect(decoded.message == "T")
        case .message: #expect(decoded.message == "M")
        case .type: #expect(decoded.message == "Y")
        case .origin: #expect(decoded.message == "O")
        }
    }
}
