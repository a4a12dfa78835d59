"""Small templates for every construct: what Jinja2 makes of them is in cases.json (make_cases.py)."""
CONTEXT = {
    "bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": True, "n": None, "t": True, "f": False, "one": 1, "pi": 3.25,
    "words": ["b", "a", "C", "b"], "text": "hello World", "wide": "naïve Ünï 日本 😀", "empty": [], "nums": [3, 1, 2],
    "table": {"z": 1, "a": "x", "m": [1], "items": 5}, "people": [{"n": "p", "ok": True, "k": 2}, {"n": "q", "ok": False, "k": 1}, {"n": "r"}],
    "tree": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}, {"v": 5, "c": []}],
    "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": " u "}, {"role": "assistant", "content": "a\n\nb"}],
}

EXPRESSIONS = r"""
1 + 2 * 3 - 4
2 ** 3 ** 2
-2 ** 2
7 // 2, -7 // 2, 7 // -2, 7.5 // 2
7 % 3, -7 % 3, 7 % -3, 7.5 % 2, -7.5 % 2
7 / 2
1 / 0
1 // 0
1 % 0
2 ** -1
0.1 + 0.2
1e16, 1e15, 1.5e-5, 0.0001, 123456789.0, 1e300, -0.0, 1.0, 100.0
1_000, 0x1F, 0b101, 0o17
1 == 1.0, true == 1, '1' == 1, none == false, [1] == [1], [1] == (1,), {'a': 1} == {'a': 1.0}
1 < 2 < 3, 1 < 3 < 2, 3 > 2 >= 2 != 1
'a' < 'b', [1, 2] < [1, 3], 'B' < 'a'
1 < 'a'
none < 1
1 in [1, 2], 'a' in 'cat', 'z' not in table, 3 not in nums, 1 in missing
1 in 'a'
1 in 1
not t, not not t, not n == n
t and 1, f and 1, t or 1, f or 1, n or 'x', '' or [] or {} or 0 or 'end'
'a' if t, 'a' if f, 'a' if f else 'b', ('a' if f else 'b' if f else 'c')
1 ~ 'a' ~ none ~ true ~ 1.5 ~ [1] ~ missing
'a' 'b' "c"
'a' + 'b', [1] + [2], (1,) + (2,)
'a' + 1
1 + 'a'
[1] + (2,)
none + 1
missing + 1
missing ~ 1
missing.x
missing[0]
missing()
table.nope, table['nope'], table.nope is defined
table.nope.x
table.z, table['z'], table.items is defined
table.items() | list, table.keys() | list, table.values() | list
table['items'], table.get('items'), table.get('q'), table.get('q', 'd')
table.items()
'abc'[0], 'abc'[-1], 'abc'[5], 'abc'[1:], 'abc'[:-1], 'abc'[::-1], 'abc'[::2], 'abcdef'[4:1:-1], 'abc'[-10:10]
wide[1], wide[2], wide[-1], wide[::-1], wide | length, wide[3:8]
nums[0], nums[-1], nums[7], nums[1:], nums[:-1], nums[::-1], nums[::-2], nums[5:], nums[-2:], nums[10:0:-1], nums[-99::1]
nums['a']
nums[1:2][0]
(1, 2)[1], [[1, 2], [3]][0][1], {'a': {'b': 1}}.a.b, {1: 'x'}[1]
nums[::0]
()
(1,), [], {}, (1, 2), [1, [2, (3,)]], {'a': none, 'b': [true]}
[1.0, 'x', "it's", 'q"q', "b'o\"th", 'n\nl', 't\tb', '\\', 'é', '\x07', none, true]
'\n\t\\\'\"\x41\u00e9\U0001F600\q\101'
'a\
b'
text.upper(), text.lower(), text.title(), text.capitalize(), text.swapcase()
' x '.strip() ~ '|', ' x '.lstrip() ~ '|', ' x '.rstrip() ~ '|', 'xyax'.strip('xy'), 'xyax'.lstrip('xy'), 'xyax'.rstrip('xa')
'a,b,c'.split(','), 'a b  c '.split(), 'a,b,c'.split(',', 1), 'a,b,c'.rsplit(',', 1), ' a b c '.split(none, 1), ' a  b  c '.rsplit(none, 1), ''.split(), ''.split(',')
'a--b--c'.split('--'), 'abc'.split('')
'x</think>y</think>z'.split('</think>')[-1], 'x</think>y'.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n')
'hello'.startswith('he'), 'hello'.endswith('lo'), 'hello'.startswith(('x', 'he')), 'hello'.startswith('l', 2), 'hello'.endswith('x')
'aXbX'.replace('X', '-'), 'aXbX'.replace('X', '-', 1), 'abc'.replace('', '-'), 'é'.replace('é', 'e')
'hello'.find('l'), 'hello'.rfind('l'), 'hello'.find('z'), 'hello'.index('l'), 'hello'.count('l'), 'ünï'.find('ï')
'hello'.index('z')
','.join(['a', 'b']), '-'.join('abc'), ''.join([])
','.join([1])
'12'.isdigit(), 'a1'.isalnum(), 'ab'.isalpha(), ' '.isspace(), 'ab'.islower(), 'AB'.isupper(), ''.isdigit(), 'é'.isalpha()
'7'.zfill(3), '-7'.zfill(4), 'a'.center(4) ~ '|', 'a'.center(5) ~ '|', 'ab'.center(5, '*'), 'a'.ljust(3) ~ '|', 'a'.rjust(3)
'a=b=c'.partition('='), 'a=b=c'.rpartition('='), 'abc'.partition('x'), 'abc'.rpartition('x')
'prefix-x'.removeprefix('prefix-'), 'x.py'.removesuffix('.py'), 'abc'.removeprefix('z')
'a\nb\r\nc'.splitlines(), 'a\nb\n'.splitlines(true)
'ß'.upper(), 'ÀÉ'.lower(), 'éa'.title(), "it's a dog's".title(), 'ŁÓDŹ'.lower(), 'привет'.upper(), 'ΑΒΓ'.lower()
'ñ'.isupper(), 'Ñ'.isupper(), 'ª'.islower(), 'Ⅳ'.isupper(), '中'.isalpha(), '中'.isupper(), 'ǆa'.title(), 'ǆa'.capitalize(), 'ǆ'.upper()
'٣'.isdigit(), '٣'.isdecimal(), '²'.isdigit(), '²'.isdecimal(), '½'.isnumeric(), '½'.isdigit(), '७'.isalnum(), 'ा'.isalpha(), '½'.isalnum()
'\u3000'.isspace(), '\x1f'.isspace(), '\u200b'.isspace(), ['\u200b', '\u0378', '\ue000', 'ä', '\U0001F600', '\xa0']
'ßa ßb'|title, 'ÉA'|lower, 'naïve café'|wordcount, 'Ǉ'|title
'%s and %d' % ('a', 3), '%5.2f|%-5s|%05d|%x|%%' % (3.14159, 'ab', 42, 255), '%s' % 'x', '%r' % 'x', '%(a)s' % {'a': 1}
'%d' % 'x'
'%s' % (1, 2)
'%s %s' % ('a',)
'%+d %e %g' % (3, 12345.678, 0.0001)
'%3s|%-3s|%.1s' % ('é', 'é', 'éa')
'{} {}'.format(1, 'a'), '{0}{1}{0}'.format('a', 'b'), '{x} {y}'.format(x=1, y=2), '{:>5}|{:<5}|{:^5}|{:05d}|{:.2f}|{:,}'.format('a', 'b', 'c', 42, 3.14159, 1234567)
'{{}} {!r}'.format('a'), '{0[a]} {1.real}'.format({'a': 1}, 2) if false else 'skip'
'{}'.format()
words | join(', '), words | join, nums | join('-'), people | join(',', attribute='n'), 'abc' | join('-'), missing | join
words | first, words | last, empty | first, empty | last, 'abc' | first, 'abc' | last
words | length, 'abc' | length, table | length, missing | length, empty | count
1 | length
words | sort, words | sort(reverse=true), words | sort(case_sensitive=true), people[:2] | sort(attribute='k') | map(attribute='n') | list
[3, 'a'] | sort
words | unique | list, ['a', 'A', 'b'] | unique | list, ['a', 'A'] | unique(case_sensitive=true) | list
words | map('upper') | list, people | map(attribute='n') | list, people | map(attribute='k', default=0) | list, nums | map('string') | join, words | map('replace', 'b', 'x') | list
people | map(attribute='k') | list
people | selectattr('ok') | map(attribute='n') | list, people | rejectattr('ok') | map(attribute='n') | list, people | selectattr('ok', 'defined') | list | length
people | selectattr('n', 'equalto', 'q') | list, people | selectattr('n', 'in', ['p', 'r']) | map(attribute='n') | list, people | rejectattr('n', '==', 'p') | list | length
nums | select('odd') | list, nums | reject('odd') | list, nums | select('gt', 1) | list, [0, 1, '', 'a'] | select | list, [0, 1] | reject | list
nums | sum, nums | min, nums | max, words | min, words | max, empty | max, people[:2] | sum(attribute='k'), [[1], [2]] | sum(start=[])
nums | reverse | list, 'abc' | reverse, 'añb' | reverse
table | items | list, missing | items | list, table | dictsort, table | dictsort(reverse=true), {'b': 1, 'A': 2} | dictsort, {'a': 2, 'b': 1} | dictsort(by='value'), {'b': 1, 'A': 2} | dictsort(true)
1 | items | list
people[:2] | groupby('k') | list | length, [1, 2, 3, 4, 5] | batch(2) | list, [1, 2, 3] | batch(2, 0) | list
'42' | int, '4.7' | int, 'x' | int, 'x' | int(7), 3.9 | int, -3.9 | int, '0x1f' | int(base=16), '1f' | int(0, 16), none | int, ' 12 ' | int, true | int, [] | int(3)
'1.5' | float, 'x' | float, 'x' | float(2.5), 3 | float, '1e3' | float
-3 | abs, 2.5 | round, 3.5 | round, 2.345 | round(2), 2.4 | round(0, 'ceil'), 2.6 | round(method='floor'), 7 | round
'a' | default('b'), missing | default('b'), missing | d('b'), '' | default('b'), '' | default('b', true), none | default('b'), none | default('b', boolean=true), missing | default
text | title, 'foo-bar (baz)' | title, text | capitalize, text | upper, text | lower, '  x ' | trim ~ '|', 'xxaxx' | trim('x'), 5 | upper, none | trim
'a b' | replace(' ', '_'), 'aaa' | replace('a', 'b', 2), 5 | replace('5', '6'), 'abc' | replace('b', '')
'a\nb\n\nc' | indent, 'a\nb' | indent(2), 'a\nb' | indent(2, true), 'a\n\nb' | indent(2, blank=true), 'a\nb' | indent('> '), 'a\n' | indent ~ '|'
('<a href="x">\'&' | escape) ~ '', ('<b>' | e) ~ '', ('<b>' | safe) ~ '', 5 | string, [1] | string, none | string
'a b c' | wordcount, 'a' | center(5) ~ '|', '%s-%s' | format(1, 2), '%(x)s' | format(x=1)
'hello big world' | truncate(9), 'hello' | truncate(5), 'hello big world' | truncate(9, true), 'hello big' | truncate(8, leeway=0), 'hello big' | truncate(6)
table | tojson, table | tojson(indent=2), [] | tojson(indent=2), {'a': []} | tojson(indent=1), {'b': 1, 'a': 2} | tojson(sort_keys=true)
{'a': 'é<>&\'"\\\n\t\x01/'} | tojson, {'é😀': 1} | tojson(ensure_ascii=true), 'é' | tojson(ensure_ascii=False), [1, 2.0, 1e20, none, true] | tojson
{'a': 1, 'b': [1, 2]} | tojson(separators=(',', ':')), [1, {'a': 2}] | tojson(indent='\t'), (1, 2) | tojson, {1: 2, none: 3, true: 4, 1.5: 5} | tojson
missing | tojson
nums | map('string') | tojson
table.items() | tojson
words | nosuchfilter
1 is nosuchtest
1 is odd, 2 is even, 4 is divisibleby 2, 4 is divisibleby(3), 1 is not odd
n is none, 1 is none, missing is none, n is not none, n is defined, missing is defined, missing is undefined, missing is not defined
t is true, 1 is true, f is false, 0 is false, t is boolean, 1 is boolean, 1 is integer, true is integer, 1.0 is float, 1 is float, 1 is number, true is number, 'a' is number
'a' is string, 1 is string, table is mapping, words is mapping, words is sequence, 'a' is sequence, table is sequence, 1 is sequence, words is iterable, 'a' is iterable, 1 is iterable, n is iterable, missing is iterable, missing is sequence
1 is eq 1, 1 is equalto(2), 1 is ne 2, 1 is lt 2, 1 is le 1, 2 is gt 1, 2 is ge 3, 1 is in [1], 'a' is in 'abc', 1 is sameas 1, n is sameas none, true is sameas true, 1 is sameas true
'abc' is lower, 'ABC' is upper, 'aBc' is lower, '' is lower, range is callable, 1 is callable, 'upper' is filter, 'x' is filter, 'odd' is test
'a' is string and 1 is not string, not 'a' is string, 'a' is string == true
range(3) | list, range(1, 4) | list, range(5, 0, -2) | list, range(3)[1], range(0) | list, range(3) | length, range(2, 5)
range(1000000)
range(1, 2, 0)
dict(a=1, b=2), dict({'a': 1}, b=3), dict([('x', 1)])
namespace(a=1).a, namespace(a=1).b is defined
strftime_now('%Y-%m-%d %H:%M:%S %A %B %j %p %I %y %a %b %% %-d')
raise_exception('no ' ~ 1)
text | replace('o', '0') | upper | list | length
(text | upper).lower()
'a'.upper().lower().title()
people[0].n.upper(), people[0]['n'] ~ people[-1].n
messages[-1].content.split('\n\n')[0], messages[0]['role'] == 'system', messages[1:] | length, messages[1:][0].role
[messages[0]] + messages[1:2] == messages[:2]
{'a': 1}.items() | map('first') | list, {'a': 1}.items() | map(attribute=1) | list, {'a': {'b': [5]}} | attr('a') is defined
(1 if t else 2) + 3, 10 - 2 - 3, 2 * (3 + 4), -nums[0], +1, - -1
1.5 is float and 1.5 > 1
{'a': 1,}, [1,], (1,)
{'a': 1}['a'], {'k' ~ 1: 2}.k1
"double 'single'" ~ 'single "double"'
'x' * 3, 3 * 'x', [0] * 2, 'x' * -1, 'x' * 0
10 | string | length, (10 | string)[0]
nums | list == nums, nums is sameas nums
true and not false or none, 1 and 2 or 3
'a' in ['a'] and 'b' not in ['a']
text|length > 5, (text|length) - 1, text|length == 11
"a" if "b" in "abc" else "c" ~ "d"
none is none and none == none, none != 0
"%.2f" | format(3.14159), "%d%%" % 5
'abc'|list|join('|'), 'é日'|list
[1,2,3]|last, [[1,2],[3,4]]|map('last')|list, [[1,2],[3,4]]|map('sum')|list
['a','b']|map('upper')|map('lower')|join, [{'a':{'b':1}}]|map(attribute='a.b')|list, [[5,6]]|map(attribute='1')|list
3.0 * 2, 1e3 + 1, 5 // 2.0, 2 ** 0.5, 10 ** 3, 7 / 7
missing is defined and missing.x, (missing or {}).x is defined
text is defined and text, text.nope is defined
1 if missing else 2, 'x' if not missing
"a\\nb", 'tab\there', "uni\u2028x"
[wide], {'k': wide}, ['\u200b', '\xa0', '\xad']
""".strip("\n").replace("\\\n", "\\@@").split("\n")
EXPRESSIONS = [e.replace("\\@@", "\\\n") for e in EXPRESSIONS]

BLOCKS = [
    "{% for x in nums %}{{ x }}{{ ',' if not loop.last }}{% endfor %}",
    "{% for x in empty %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in missing %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in n %}{% endfor %}",
    "{% for x in 5 %}{% endfor %}",
    "{% for k, v in table.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k in table %}{{ k }};{% endfor %}",
    "{% for c in wide %}[{{ c }}]{% endfor %}",
    "{% for a, b in [(1, 2), (3, 4)] %}{{ a }}{{ b }}{% endfor %}",
    "{% for (a, b) in [(1, 2)] %}{{ a }}{{ b }}{% endfor %}",
    "{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}",
    "{% for a, b in [1] %}{{ a }}{% endfor %}",
    "{% for x in nums if x > 1 %}{{ loop.index }}{{ x }}{{ loop.length }}{{ loop.last }}{% else %}no{% endfor %}",
    "{% for x in nums if x > 9 %}{{ x }}{% else %}no{% endfor %}",
    "{% for x in nums if x is odd %}{{ x }}{% endfor %}",
    "{% for x in nums %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }} {% endfor %}",
    "{% for x in nums %}{{ loop.previtem if loop.previtem is defined else '-' }}{{ loop.nextitem | default('-') }}{% endfor %}",
    "{% for x in nums %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for x in [1, 1, 2, 2] %}{{ loop.changed(x) }}{% endfor %}",
    "{% for x in nums %}{{ loop.nope is defined }}{% endfor %}",
    "{{ loop is defined }}",
    "{% for x in tree recursive %}{{ x.v }}({{ loop(x.c) }}){{ loop.depth }}{% endfor %}",
    "{% for x in [1, 2] %}{% for y in [3, 4] %}{{ x }}{{ y }}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}",
    "{% for x in range(9) %}{% if x == 2 %}{% continue %}{% elif x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in [1, 2] %}{% for y in [1, 2] %}{% if y == 2 %}{% break %}{% endif %}{{ y }}{% endfor %}{{ x }}{% endfor %}",
    "{% set x = 1 %}{% for i in nums %}{% set x = x + i %}{{ x }};{% endfor %}{{ x }}",
    "{% set x = 1 %}{% if t %}{% set x = 2 %}{% endif %}{{ x }}",
    "{% set ns = namespace(x=1) %}{% for i in nums %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace({'a': 1}, b=2) %}{% set ns.c = ns.a + ns.b %}{{ ns.c }}{{ ns.d }}|",
    "{% set ns = {} %}{% set ns.x = 1 %}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}",
    "{% set a, b = [1, 2, 3] %}{{ a }}",
    "{% set x %}  a{{ 1 }}\n{% endset %}[{{ x }}]",
    "{% set x | upper | trim %} abc {% endset %}[{{ x }}]",
    "{% filter upper %}abc{{ text }}{% endfilter %}",
    "{% filter replace('a', 'b') | upper %}abc{% endfilter %}",
    "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}",
    "{% macro m(a, b=2, c=b) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 3) }}|{{ m(a=5, c=6) }}|{{ m(1, b=7) }}",
    "{% macro m(a) %}[{{ a }}]{{ a is defined }}{% endmacro %}{{ m() }}",
    "{% macro m(a) %}{{ a.x }}{% endmacro %}{{ m() }}",
    "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{% endmacro %}{{ m(b=2) }}",
    "{% macro m(a) %}{% endmacro %}{{ m(1, a=2) }}",
    "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, x=4) }}",
    "{% macro f(i) %}{% if i > 0 %}{{ i }}{{ f(i - 1) }}{% endif %}{% endmacro %}{{ f(4) }}",
    "{% macro f(t, depth=0) %}{% for x in t %}{{ '  ' * depth }}{{ x.v }}\n{{ f(x.c, depth + 1) }}{% endfor %}{% endmacro %}{{ f(tree) }}",
    "{% macro m() %}{{ y }}{% endmacro %}{% set y = 1 %}{{ m() }}{% set y = 2 %}{{ m() }}",
    "{% set y = 0 %}{% macro m() %}{% set y = 5 %}{{ y }}{% endmacro %}{{ m() }}{{ y }}",
    "{% for x in [1, 2] %}{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% endfor %}",
    "{% macro a() %}A{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}",
    "{% macro m(x) %}\n  {{ x }}\n{% endmacro %}[{{ m(1) }}][{{ m(2) | trim }}]",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(*[1]) }}{{ m(**{'x': 2}) }}{{ [1] | map('string') | map('upper') | list }}",
    "{% if missing %}a{% elif n %}b{% elif 0 %}c{% else %}d{% endif %}",
    "{% if t %}a{% endif %}{% if not t %}b{% endif %}",
    "{% if nums | select('gt', 9) | list %}a{% else %}b{% endif %}{% if nums | select('gt', 9) %}a{% else %}b{% endif %}",
    "{% set g = nums | map('string') %}{{ g | join }}{{ g | join }}|",
    "{% raw %}{{ x }} {% y %}{% endraw %}",
    "a {%- raw -%} {{ x }} {%- endraw -%} b",
    "{% raw %}\n  a\n  {% endraw %}\nb",
    "a{# c #}b{#- c -#} d",
    "a\n{# c #}\nb\n  {# c #}\nc",
    "  {% if t %}\n  a\n  {% endif %}\nb\n",
    "  {%- if t %}\n  a\n  {%- endif %}\nb\n\n",
    "  {%+ if t %}\n  a\n  {%+ endif +%}\nb",
    "{% if t -%}\n\n  a  \n\n{%- endif %} b",
    "{{ 1 -}}  \n  {{- 2 }} \n {{ 3 }}\n{{ 4 }}\n\n{{ 5 }}",
    "x\n\t{% for i in nums %}\n\t{{ i }}\n\t{% endfor %}\ny",
    "a\r\nb\rc\n{% if t %}\r\nd{% endif %}\r\n",
    "x {% if t %} y {% endif %} z",
    "{%if t%}{{'a'}}{%endif%}",
    "{{ {'a': {'b': 1}} }}{{ {'a': {'b': {}}}}}",
    "{{ '}}' }}{{ '%}' }}{% if '%}' %}x{% endif %}",
    "{{ \"{{ a }}\" }}{{ '{% a %}' }}{{ '{# a #}' }}",
    "{ { } } {a} % } #}",
    "{{ 1 }",
    "{{ }}",
    "{% %}",
    "{% if t %}",
    "{% endif %}",
    "{% for x in nums %}{% endif %}",
    "{% for %}{% endfor %}",
    "{% nosuch %}",
    "{{ 1 + }}",
    "{{ (1 }}",
    "{{ 1) }}",
    "{{ 'a }}",
    "{{ a b }}",
    "{{ a ! b }}",
    "{# no end",
    "{% raw %} no end",
    "{% break %}",
    "{% set 1 = 2 %}",
    "{% set true = 2 %}",
    "{{ f(a=1, 2) }}",
    "{% macro m(a=1, b) %}{% endmacro %}",
    "{{ 1 is defined is none }}",
    "{% set x = 1 %}{{ x }}{% set x = 'a' ~ x %}{{ x }}{% set x = none %}{{ x }}",
    "{% set l = [1] %}{% set l = l + [2] %}{{ l }}",
    "{% for m in messages %}{% set c = m.content %}{% if loop.first %}{% set c = 'X' + c %}{% endif %}{{ c | trim }}{% endfor %}",
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('alternate ' + m.role) }}{% endif %}{% endfor %}",
    "{% for m in messages[::-1] %}{% set i = (messages | length - 1) - loop.index0 %}{{ i }}{{ m.role }}{% endfor %}",
    "{% generation %}a{{ 1 }}{% endgeneration %}b",
    "{% for x in nums %}{% generation %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endgeneration %}{% endfor %}",
    "{% set a = 1 %}{% set b = a if a is defined else 2 %}{{ b }}{% set c = (1, 2) %}{{ c[0] }}{% set d = 1, %}{{ d }}",
    "{%- for x in nums -%}\n  {{- x -}}\n{%- endfor -%}\n end",
    "{% set x = 'a' %}{% for i in [1] %}{{ x }}{% set x = 'b' %}{{ x }}{% endfor %}{{ x }}",
    "{% if t %}{% set z = 1 %}{% else %}{% set z = 2 %}{% endif %}{{ z }}{% if f %}{% set w = 1 %}{% endif %}{{ w is defined }}",
    "{% for x in nums %}{% if loop.first %}{% set q = x %}{% endif %}{{ q | default('-') }}{% endfor %}",
    "{{ messages | tojson(indent=4) }}",
    "{{ messages }}",
    "{{ [messages[0].items() | list, table.keys(), table.values()] }}",
    "{{ people | map(attribute='n') | join(' and ') }}{{ people | map(attribute='nope') | join('-') }}|",
]
