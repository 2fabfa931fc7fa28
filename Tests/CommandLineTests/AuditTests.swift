import ManagementClient
import Testing
import TokenKit

@Suite("Audit trails")
struct AuditTests {
    /// A whole trail.
    static func trail(length: Int) -> [AuditTrailEntry] {
        var entries: [AuditTrailEntry] = []
        var previous = String(repeating: "0", count: 64)
        for number in 1...Int64(length) {
            let canonical = "6:number=\("\(number)".utf8.count):\(number)\n6:action=12:project.test"
            let digest = (try? Digest.sha256(Array("\(previous)\n\(canonical)".utf8))) ?? []
            entries.append(
                AuditTrailEntry(
                    number: number, previousHash: previous, hash: Hex.encode(digest), canonical: canonical))
            previous = Hex.encode(digest)
        }
        return entries
    }

    /// Where a trail breaks; nil when it is whole.
    private func broken(_ entries: [AuditTrailEntry]) -> AuditTrailCheck.Break? {
        var check = AuditTrailCheck()
        do throws(AuditTrailCheck.Break) {
            for entry in entries { try check.check(entry) }
        } catch { return error }
        return nil
    }

    @Test("a whole trail passes, at every length")
    func whole() {
        for length in 1...12 { #expect(broken(Self.trail(length: length)) == nil) }
        #expect(AuditTrailCheck().head == AuditTrailCheck.noHash)
    }

    @Test("the hash is that of the entry before, a line feed and the content")
    func knownHash() throws {
        // printf '%064d\nabc' 0 | sha256sum
        let entry = AuditTrailEntry(
            number: 1, previousHash: AuditTrailCheck.noHash,
            hash: "ac10ec504bb4ed3d77c3b3d1cf8fc534a2f6658185a64fc00b24a1afce46cec3", canonical: "abc")
        #expect(broken([entry]) == nil)
    }

    @Test("every single change is found, at the place where it is")
    func everyChange() {
        let trail = Self.trail(length: 6)
        for index in trail.indices {
            let number = trail[index].number
            var changed = trail
            changed[index].canonical += "x"
            #expect(broken(changed)?.number == number)
            changed = trail
            changed[index].hash = String(repeating: "a", count: 64)
            #expect(broken(changed)?.number == number)
            changed = trail
            changed[index].previousHash = String(repeating: "b", count: 64)
            #expect(broken(changed) == AuditTrailCheck.Break(number: number, reason: .wrongLink))
            changed = trail
            changed[index].number += 100
            #expect(broken(changed)?.reason == .wrongNumber(expected: number))
        }
    }

    /// What is found at the end of a trail of which only the first entries are there.
    private func found(
        at end: AuditTrailPage.Head?, entries: some Sequence<AuditTrailEntry>, expected: AuditTrailPage.Head? = nil
    ) throws -> AuditTrailCheck.Break.Reason? {
        var check = AuditTrailCheck()
        check.expected = expected
        do throws(AuditTrailCheck.Break) {
            for entry in entries { try check.check(entry) }
            try check.checkEnd(end)
        } catch { return error.reason }
        #expect(check.endSignature == end?.signature)
        return nil
    }

    @Test("a trail that was cut off anywhere, or emptied, does not reach its end", arguments: 0...6)
    func end(length: Int) throws {
        let trail = Self.trail(length: 6)
        let head = try #require(trail.last.map { AuditTrailPage.Head(number: $0.number, hash: $0.hash) })
        let kept = trail.prefix(length)
        #expect(try found(at: head, entries: kept) == (length == 6 ? nil : .missingEnd(last: 6)))
        #expect(try found(at: nil, entries: kept) == nil)
        let other = AuditTrailPage.Head(number: Int64(length), hash: String(repeating: "b", count: 64))
        #expect(try found(at: other, entries: kept) == .wrongEnd)
    }

    @Test("an end that was replaced is reported: one that is too early, gone, or without the manager's signature")
    func replacedEnd() throws {
        let trail = Self.trail(length: 6)
        for number in 0..<6 {
            let hash = number == 0 ? AuditTrailCheck.noHash : trail[number - 1].hash
            let early = AuditTrailPage.Head(number: Int64(number), hash: hash, signature: .missing)
            #expect(try found(at: early, entries: trail) == .earlyEnd(last: Int64(number)))
            // The entries after it are cut off, too.
            let cut = AuditTrailPage.Head(number: Int64(number), hash: hash, signature: .invalid)
            #expect(try found(at: cut, entries: trail.prefix(number)) == .replacedEnd)
        }
        for signature in [nil, .valid, .missing] as [AuditTrailPage.Signature?] {
            let end = AuditTrailPage.Head(number: 6, hash: trail[5].hash, signature: signature)
            #expect(try found(at: end, entries: trail) == nil)
        }
    }

    @Test("an older end with its signature is detected by a known later entry")
    func expected() throws {
        let trail = Self.trail(length: 6)
        let old = AuditTrailPage.Head(number: 4, hash: trail[3].hash, signature: .valid)
        #expect(try found(at: old, entries: trail.prefix(4)) == nil)
        let logged = try #require(AuditTrailPage.Head("6:\(trail[5].hash)"))
        #expect(try found(at: old, entries: trail.prefix(4), expected: logged) == .missingEnd(last: 6))
        #expect(try found(at: nil, entries: trail.prefix(4), expected: logged) == .missingEnd(last: 6))
        #expect(try found(at: nil, entries: trail, expected: logged) == nil)
        let other = try #require(AuditTrailPage.Head("5:" + String(repeating: "b", count: 64)))
        #expect(try found(at: nil, entries: trail, expected: other) == .unexpected)
        for text in ["", "6", "6:", ":", "0:\(trail[5].hash)", "x:\(trail[5].hash)", "6:\(trail[5].hash)0", "6:AB"] {
            #expect(AuditTrailPage.Head(text) == nil, "\(text)")
        }
    }

    @Test("a missing, repeated or exchanged entry is found")
    func order() {
        let trail = Self.trail(length: 6)
        for index in trail.indices.dropLast() {
            var changed = trail
            changed.remove(at: index)
            #expect(broken(changed)?.reason == .wrongNumber(expected: trail[index].number))
            changed = trail
            changed.insert(trail[index], at: index)
            #expect(broken(changed) != nil)
            changed = trail
            changed.swapAt(index, index + 1)
            #expect(broken(changed) != nil)
        }
    }

    @Test("an entry that was forged together with its hash breaks the link of the next one")
    func forged() throws {
        var trail = Self.trail(length: 3)
        trail[1].canonical = "6:number=1:2\n6:action=6:forged"
        let digest = try Digest.sha256(Array("\(trail[1].previousHash)\n\(trail[1].canonical)".utf8))
        trail[1].hash = Hex.encode(digest)
        #expect(broken(trail) == AuditTrailCheck.Break(number: 3, reason: .wrongLink))
    }

    @Test("an entry whose content names another number is found")
    func moved() throws {
        var entry = Self.trail(length: 1)[0]
        entry.canonical = "6:number=1:2\n6:action=12:project.test"
        entry.hash = Hex.encode(try Digest.sha256(Array("\(entry.previousHash)\n\(entry.canonical)".utf8)))
        #expect(broken([entry])?.reason == .wrongContent)
    }
}
