import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("Choosing ports")
struct PortAllocatorTests {
    private func allocator(_ range: String, ephemeral: String? = nil) throws -> PortAllocator {
        PortAllocator(
            range: try #require(PortRange(range)), ephemeral: try ephemeral.map { try #require(PortRange($0)) })
    }

    @Test("every port of the range is given exactly once, then none")
    func wholeRange() throws {
        let allocator = try allocator("65000-65535", ephemeral: "32768-65100")
        var taken: Set<UInt16> = []
        while let chosen = allocator.choose(2, taken: taken) {
            #expect(chosen.count == 2)
            #expect(taken.isDisjoint(with: chosen))
            taken.formUnion(chosen)
        }
        #expect(taken == Set(65_000...65_535))
    }

    @Test("ports outside of the ephemeral range come first, lowest first")
    func preference() throws {
        let allocator = try allocator("54320-61002", ephemeral: "32768-60999")
        #expect(allocator.choose(2, taken: []) == [61_000, 61_001])
        #expect(allocator.choose(2, taken: [61_000]) == [61_001, 61_002])
        #expect(allocator.choose(2, taken: [61_000, 61_001]) == [61_002, 54_320])
        #expect(allocator.choose(5, taken: []) == [61_000, 61_001, 61_002, 54_320, 54_321])
        #expect(try self.allocator("54320-61002").choose(2, taken: []) == [54_320, 54_321])
    }

    @Test("an ephemeral range below, above or around the range changes nothing but the order")
    func otherEphemeralRanges() throws {
        for ephemeral in ["1-10", "60000-65535", "1-65535"] {
            #expect(try allocator("54320-54330", ephemeral: ephemeral).choose(11, taken: [])?.count == 11)
        }
    }

    @Test("a draw tells where the row of ports begins, and behind the last free port comes the first")
    func draws() throws {
        let allocator = try allocator("54320-61002", ephemeral: "32768-60999")
        #expect(allocator.choose(2, taken: [], draw: 1) == [61_001, 61_002])
        #expect(allocator.choose(2, taken: [], draw: 2) == [61_002, 61_000])
        #expect(allocator.choose(2, taken: [61_001], draw: 1) == [61_002, 61_000])
        #expect(allocator.choose(1, taken: [], draw: 3) == [61_000])
        #expect(allocator.choose(1, taken: [], draw: .max) == [61_000 + UInt16(UInt32.max % 3)])
        // Of the ports that are only used when nothing else is left, any is as good.
        #expect(allocator.choose(4, taken: [], draw: 5) == [61_000, 61_001, 61_002, 54_325])
    }

    @Test("too few free ports are no ports")
    func full() throws {
        let allocator = try allocator("60000-60003")
        #expect(allocator.choose(4, taken: []) == [60_000, 60_001, 60_002, 60_003])
        #expect(allocator.choose(5, taken: []) == nil)
        #expect(allocator.choose(4, taken: [60_002]) == nil)
        #expect(allocator.choose(1, taken: Set(60_000...60_003)) == nil)
    }

    @Test("no ports wanted are no ports, even when nothing is free")
    func none() throws {
        let allocator = try allocator("60000-60000", ephemeral: "60000-60000")
        #expect(allocator.choose(0, taken: []) == [])
        #expect(allocator.choose(0, taken: [60_000]) == [])
        #expect(try self.allocator("60000-60001").choose(0, taken: []) == [])
    }

    @Test("the range's last port, 65535, is given")
    func lastPort() throws {
        #expect(try allocator("65535-65535").choose(1, taken: []) == [65_535])
    }

    @Test("what is chosen is free, in the range and without repetition", arguments: UInt64(0)..<100)
    func property(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let allocator = try allocator("61000-61063", ephemeral: "61020-61040")
        let taken = Set(
            (0..<Int.random(in: 0...70, using: &generator)).map { _ in
                UInt16.random(in: 60_990...61_070, using: &generator)
            })
        let free = Set(61_000...61_063).subtracting(taken)
        let count = Int.random(in: 0...20, using: &generator)
        let draw = UInt32.random(in: .min ... .max, using: &generator)
        let chosen = allocator.choose(count, taken: taken, draw: draw)
        #expect(chosen == allocator.choose(count, taken: taken, draw: draw))
        #expect((chosen == nil) == (free.count < count))
        #expect(Set(chosen ?? []).count == chosen?.count ?? 0)
        #expect(Set(chosen ?? []).isSubset(of: free))
        let hasEphemeral = (chosen ?? []).contains { (61_020...61_040).contains($0) }
        let outside = free.filter { !(61_020...61_040).contains($0) }
        if hasEphemeral { #expect(outside.isSubset(of: chosen ?? [])) }
    }
}

@Suite("Choosing subnets")
struct SubnetAllocatorTests {
    private func network(_ text: String) throws -> IPv4Network { try #require(IPv4Network(text)) }

    @Test("a pool of a /16 holds 2,048 projects, and their subnets do not overlap")
    func wholePool() throws {
        let pool = try network("10.201.0.0/16")
        let allocator = try #require(SubnetAllocator(pool: pool))
        #expect(allocator.capacity == 2_048)
        // Choosing one after the other would compare two million pairs: every other subnet is taken instead.
        let size = UInt32(32)
        let all = (0..<UInt32(2_048)).compactMap { index in
            pool.address(at: index * size).flatMap { IPv4Network(containing: $0, prefixLength: 27) }
        }
        try #require(all.count == 2_048)
        let odd = all.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        var taken = odd
        for expected in all.enumerated().filter({ $0.offset % 2 == 0 }).map(\.element).prefix(40) {
            let chosen = try #require(allocator.choose(taken: taken))
            #expect(chosen == expected)
            #expect(!taken.contains { $0.overlaps(chosen) })
            taken.append(chosen)
        }
        #expect(allocator.choose(taken: all) == nil)
        #expect(allocator.choose(taken: all.dropLast()) == all.last)
    }

    @Test("a small pool is given out completely, then nothing")
    func smallPool() throws {
        let allocator = try #require(SubnetAllocator(pool: try network("172.30.4.0/24")))
        var taken: [IPv4Network] = []
        while let next = allocator.choose(taken: taken) { taken.append(next) }
        #expect(taken.map(\.description) == (0..<8).map { "172.30.4.\($0 * 32)/27" })
    }

    @Test("a draw decides which subnet is tried first, and after the last comes the first")
    func draws() throws {
        let allocator = try #require(SubnetAllocator(pool: try network("172.30.4.0/24")))
        #expect(allocator.choose(taken: [], draw: 3)?.description == "172.30.4.96/27")
        #expect(allocator.choose(taken: [], draw: 8)?.description == "172.30.4.0/27")
        #expect(allocator.choose(taken: [try network("172.30.4.224/27")], draw: 7)?.description == "172.30.4.0/27")
        for draw in UInt32(0)..<20 {
            var taken: [IPv4Network] = []
            while let next = allocator.choose(taken: taken, draw: draw &* 7) { taken.append(next) }
            #expect(Set(taken).count == 8)
        }
    }

    @Test("foreign networks of any size are kept clear of")
    func foreign() throws {
        let allocator = try #require(SubnetAllocator(pool: try network("10.201.0.0/16")))
        #expect(allocator.choose(taken: [])?.description == "10.201.0.0/27")
        #expect(allocator.choose(taken: [try network("10.201.0.9/32")])?.description == "10.201.0.32/27")
        #expect(allocator.choose(taken: [try network("10.201.0.0/20")])?.description == "10.201.16.0/27")
        #expect(allocator.choose(taken: [try network("10.0.0.0/8")]) == nil)
        #expect(allocator.choose(taken: [try network("0.0.0.0/0")]) == nil)
        #expect(allocator.choose(taken: [try network("192.168.0.0/16")])?.description == "10.201.0.0/27")
    }

    @Test("a pool must hold one subnet at least")
    func poolSize() throws {
        #expect(SubnetAllocator(pool: try network("10.0.0.0/28")) == nil)
        let single = try #require(SubnetAllocator(pool: try network("10.0.0.32/27")))
        #expect(single.capacity == 1)
        #expect(single.choose(taken: []) == single.pool)
        #expect(single.choose(taken: [single.pool]) == nil)
        #expect(SubnetAllocator(pool: try network("0.0.0.0/0"))?.choose(taken: [])?.description == "0.0.0.0/27")
    }
}
