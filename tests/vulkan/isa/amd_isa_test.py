"""What is counted in machine code, on codes that a person can count."""
import unittest

import amd_isa

# Two loops, one within the other. Loads: one before the loops, one in the outer loop alone, three in the inner one.
NESTED = """BB0:
\ts_load_b128 s[12:15], s[2:3], 0x20                          ; f4080301 f8000020
\ts_waitcnt lgkmcnt(0)                                        ; bf89fc07
\tbuffer_load_b32 v1, v1, s[12:15], 0 offen                   ; e0500000 80430101
\ts_waitcnt vmcnt(0)                                          ; bf8903f7
\tv_mul_lo_u32 v3, v1, s9                                     ; d72c0003 00001301
BB1:
\ts_cbranch_scc1 BB4                                          ; bfa20009
\tbuffer_load_ubyte v2, v1, s[12:15], 0 offen                 ; e0500000
\ts_waitcnt vmcnt(0) lgkmcnt(0)                               ; bf8900f7
BB2:
\tbuffer_load_b128 v[12:15], v9, s[28:31], 0 offen            ; e05c0000
\tbuffer_load_dwordx4 v[16:19], v9, s[32:35], 0 offen         ; e05c0000
\tglobal_load_b64 v[20:21], v[9:10], off                      ; dc560000
\ts_waitcnt vmcnt(2)                                          ; bf890bf7
\tv_dot4_i32_iu8 v5, v12, v16, v5                             ; cc164005
\tv_mul_lo_u32 v9, v9, v33                                    ; d72c0009
\tv_fmac_f32_e32 v5, v9, v8                                   ; 56000000
\ts_waitcnt vmcnt(0)                                          ; bf8903f7
\ts_cbranch_scc0 BB2                                          ; bfa1ffff
BB3:
\ts_branch BB1                                                ; bfa0ffff
BB4:
\tv_mul_u32_u24_e32 v4, v1, v2                                ; 16000000
\tv_fma_f32 v1, v2, v3, v4                                    ; d6130001
\t(then repeated 2 times)
\ts_endpgm                                                    ; bfb00000
"""


class Parsing(unittest.TestCase):
    def test_an_instruction_that_is_said_to_be_repeated_counts_each_time(self):
        code = amd_isa.parse("\tv_add_f32_e32 v1, v1, v2 ; 0\n\t(then repeated 3 times)\n\ts_endpgm ; 0\n")
        self.assertEqual([i.name for i in code.instructions], ["v_add_f32"] * 4 + ["s_endpgm"])

    def test_labels_are_places_and_no_instructions(self):
        code = amd_isa.parse("BB0:\n\ts_nop 0 ; 0\nBB1:\nBB2:\n\ts_endpgm ; 0\n")
        self.assertEqual(code.labels, {"BB0": 0, "BB1": 1, "BB2": 1})

    def test_a_load_whose_width_is_not_known_is_an_error_and_not_none(self):
        with self.assertRaises(KeyError):
            amd_isa.counts("\tbuffer_load_b4096 v1, v1, s[0:3], 0 ; 0\n", False)


class Loops(unittest.TestCase):
    def setUp(self):
        self.code = amd_isa.parse(NESTED)

    def test_a_loop_goes_from_a_label_to_the_last_branch_back_to_it(self):
        self.assertEqual(sorted(amd_isa.loops(self.code)), [self.loop("BB1", "s_branch"), self.loop("BB2", "s_cbranch_scc0")])

    def loop(self, label, branch):
        return amd_isa.Loop(self.code.labels[label], [i.name for i in self.code.instructions].index(branch))

    def test_a_branch_forward_is_no_loop(self):
        self.assertEqual(amd_isa.loops(amd_isa.parse("BB0:\n\ts_cbranch_scc1 BB1 ; 0\n\ts_nop 0 ; 0\nBB1:\n\ts_endpgm ; 0\n")), [])

    def test_the_main_loop_has_none_within(self):
        self.assertEqual(amd_isa.main_loop(self.code), self.loop("BB2", "s_cbranch_scc0"))

    def test_the_main_loop_is_the_longest_of_those(self):
        code = amd_isa.parse("BB0:\n\ts_nop 0 ; 0\n\ts_branch BB0 ; 0\nBB1:\n\ts_nop 0 ; 0\n\ts_nop 0 ; 0\n\ts_branch BB1 ; 0\n")
        self.assertEqual(amd_isa.main_loop(code), amd_isa.Loop(2, 4))


class Loads(unittest.TestCase):
    def in_flight(self, text, stores=False, rounds=1):
        return amd_isa.loads_in_flight(amd_isa.parse(text).instructions, stores, rounds)

    LOAD = "\tbuffer_load_b32 v1, v1, s[0:3], 0 offen ; 0\n"
    STORE = "\tbuffer_store_b32 v1, v1, s[0:3], 0 offen ; 0\n"

    def test_a_wait_leaves_as_many_as_it_says(self):
        self.assertEqual(self.in_flight(self.LOAD * 3 + "\ts_waitcnt vmcnt(1) ; 0\n" + self.LOAD), 3)
        self.assertEqual(self.in_flight(self.LOAD * 3 + "\ts_waitcnt vmcnt(2) ; 0\n" + self.LOAD * 2), 4)

    def test_a_wait_for_something_else_is_none(self):
        self.assertEqual(self.in_flight(self.LOAD + "\ts_waitcnt lgkmcnt(0) ; 0\n\ts_waitcnt_depctr 0xfff ; 0\n" + self.LOAD), 2)

    def test_a_bare_number_waits_for_all(self):
        self.assertEqual(self.in_flight(self.LOAD + "\ts_waitcnt 0 ; 0\n" + self.LOAD), 1)

    def test_loads_of_a_round_are_still_in_flight_in_the_next(self):
        text = "\ts_waitcnt vmcnt(1) ; 0\n" + self.LOAD * 2
        self.assertEqual(self.in_flight(text, rounds=1), 2)
        self.assertEqual(self.in_flight(text, rounds=2), 3)

    def test_before_gfx10_a_wait_counts_stores_too(self):
        text = self.LOAD + self.STORE + "\ts_waitcnt vmcnt(1) ; 0\n" + self.LOAD
        self.assertEqual(self.in_flight(text, stores=False), 2)
        self.assertEqual(self.in_flight(text, stores=True), 1)


class Counts(unittest.TestCase):
    def test_of_a_kernel_and_of_its_main_loop(self):
        self.assertEqual(amd_isa.counts(NESTED, False),
                         {"dot": 1, "mul32": 2, "fma": 4, "load8": 1, "load16": 0, "load32": 1, "load64": 1, "load128": 2,
                          "scalar_loads": 1, "before_wait": 1, "loop": 9, "loop_dot": 1, "loop_mul32": 1, "loop_fma": 1,
                          "in_flight": 3, "mul32_beside_dots": 1})

    def test_a_kernel_without_loops_has_nothing_in_flight_in_one(self):
        counts = amd_isa.counts("\tbuffer_load_b32 v1, v1, s[0:3], 0 offen ; 0\n\ts_endpgm ; 0\n", False)
        self.assertEqual((counts["loop"], counts["in_flight"], counts["before_wait"]), (0, 0, 1))

    def test_multiplies_outside_of_the_loops_of_dots_do_not_count_beside_them(self):
        text = "BB0:\n\tv_mul_lo_u32 v1, v1, v2 ; 0\nBB1:\n\tv_dot4_i32_i8 v1, v2, v3, v4 ; 0\n\ts_branch BB1 ; 0\n\ts_branch BB0 ; 0\n"
        self.assertEqual(amd_isa.multiplies_beside_dots(amd_isa.parse(text)), 0)

    def test_multiplies_of_the_whole_kernel_count_where_no_loop_is_around_the_dots(self):
        text = "\tv_mul_lo_u32 v1, v1, v2 ; 0\n\tv_dot4_i32_i8 v1, v2, v3, v4 ; 0\n\tv_mul_hi_u32 v1, v1, v2 ; 0\n\ts_endpgm ; 0\n"
        self.assertEqual(amd_isa.multiplies_beside_dots(amd_isa.parse(text)), 2)

    def test_without_dots_there_is_no_number(self):
        self.assertIsNone(amd_isa.multiplies_beside_dots(amd_isa.parse("BB0:\n\tv_mul_lo_u32 v1, v1, v2 ; 0\n\ts_branch BB0 ; 0\n")))


if __name__ == "__main__":
    unittest.main()
