"""The table of kernels' machine code: what its bounds refuse, what is worse, and that it is read as it was written."""
import unittest

import isa_table
from isa_table import Bound


def row(kernel="ternary_matmul/32.1.4.64", family="gfx1100", **numbers):
    return {"kernel": kernel, "family": family, "first_use": "a model, 1 token", **dict.fromkeys(isa_table.NUMBERS, 0), **numbers}


def dot_row(**numbers):
    return row("ternary_matmul.dot/32.1.4", **{"dot": 64, "mul32_beside_dots": 0, "in_flight": 4, **numbers})


class Bounds(unittest.TestCase):
    def broken(self, *rows):
        return "\n".join(isa_table.broken_bounds(rows))

    def test_a_good_dot_rung_keeps_all(self):
        self.assertEqual(self.broken(dot_row()), "")

    def test_a_spill_is_refused_of_any_kernel(self):
        for spill in ("spilled_vgprs", "spilled_sgprs", "scratch"):
            self.assertIn("add/- on gfx1100: no register is spilled", self.broken(row("add/-", **{spill: 1})))

    def test_a_multiply_beside_the_dots_of_a_dot_rung_is_refused(self):
        self.assertEqual(self.broken(dot_row(mul32_beside_dots=1)),
                         "ternary_matmul.dot/32.1.4 on gfx1100: products are dot products: no 32-bit multiply in their loop, "
                         "but dot is 64, mul32_beside_dots is 1")

    def test_a_dot_rung_without_dots_is_refused(self):
        self.assertIn("products are dot products", self.broken(dot_row(dot=0, mul32_beside_dots=None)))

    def test_three_loads_in_flight_are_too_few_for_a_product_of_decoding(self):
        self.assertIn("at least 4 loads", self.broken(row("ternary_matmul/32.1.4.64", in_flight=3)))
        self.assertEqual(self.broken(row("ternary_matmul/32.8.2.64", in_flight=3)), "", "a tile of 8 is a prompt's")

    def test_an_exception_that_is_none_any_more_is_named(self):
        bound = Bound("at least 4", isa_table.four_in_flight, ("in_flight",), ("*",), unless=("a/*", "b/*", "gone/*"))
        rows = [row("a/1", in_flight=4), row("a/2", in_flight=4), row("b/1", in_flight=4), row("b/2", in_flight=1)]
        self.assertEqual(isa_table.broken_bounds(rows, (bound,)), [])
        self.assertEqual(isa_table.kept_now(rows, (bound,)), ["a/*: at least 4, by now: take it out of the exceptions"])


class Differences(unittest.TestCase):
    def worse(self, before, now):
        return [d.worse for d in isa_table.differences([row(**before)], [row(**now)])]

    def test_equal_rows_have_none(self):
        self.assertEqual(isa_table.differences([row(vgprs=8)], [row(vgprs=8)]), [])

    def test_more_registers_are_worse_and_fewer_are_not(self):
        self.assertEqual(self.worse({"vgprs": 48}, {"vgprs": 60}), [True])
        self.assertEqual(self.worse({"vgprs": 60}, {"vgprs": 48}), [False])

    def test_fewer_waves_and_fewer_loads_in_flight_are_worse(self):
        self.assertEqual(self.worse({"waves": 16}, {"waves": 12}), [True])
        self.assertEqual(self.worse({"in_flight": 5}, {"in_flight": 6}), [False])
        self.assertEqual(self.worse({"in_flight": 6}, {"in_flight": 5}), [True])

    def test_estimates_may_move_a_little(self):
        self.assertEqual(self.worse({"inverse_throughput": 1000}, {"inverse_throughput": 1100}), [False])
        self.assertEqual(self.worse({"inverse_throughput": 1000}, {"inverse_throughput": 1101}), [True])

    def test_a_kernel_that_the_table_lacks_and_one_that_is_gone_are_named(self):
        found = isa_table.differences([row("old/-")], [row("new/-")])
        self.assertEqual([d.text for d in found], ["new/- on gfx1100 is not in the table", "old/- on gfx1100 is in the table alone"])
        self.assertTrue(all(d.worse for d in found))


class Table(unittest.TestCase):
    def test_is_read_as_it_was_written(self):
        rows = [row("b/-", "vega20", mul32_beside_dots=None), row("a/1", "navi21", vgprs=7), row("a/1", "gfx1100", dot=3)]
        made_by, read = isa_table.read(isa_table.text_of(rows, "a driver, a compiler"))
        self.assertEqual(made_by, "a driver, a compiler")
        self.assertEqual(read, isa_table.in_order(rows))
        self.assertEqual([(r["kernel"], r["family"]) for r in read], [("a/1", "gfx1100"), ("a/1", "navi21"), ("b/-", "vega20")])

    def test_kernels_are_named_by_their_constants(self):
        kernel = {"kernel": "ternary_matmul", "constants": [32, 1, 4, 64], "aliased": False}
        self.assertEqual(isa_table.key_of(kernel), "ternary_matmul/32.1.4.64")
        self.assertEqual(isa_table.key_of({"kernel": "add", "constants": [], "aliased": True}), "add/-.aliased")


if __name__ == "__main__":
    unittest.main()
