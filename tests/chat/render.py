"""Makes rendered.json: what transformers makes of small chat templates, with the answers that it tells where a template marks them.

    python tests/chat/render.py > tests/chat/rendered.json

Needs transformers and jinja2 alone: templates are rendered by transformers' own function.
"""

import json
from transformers.utils.chat_template_utils import render_jinja_template

TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "  One \"two\"?\n"},
    {"role": "assistant", "content": "Drei & vier: äöü 日本"},
    {"role": "user", "content": "And then?"},
    {"role": "assistant", "content": "Five.\n"},
]

TEMPLATES = {
    "turns closed by marks": "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "a system line of its own": """{% if messages[0]['role'] == 'system' %}
  {% set offset = 1 %}
{% else %}
  {% set offset = 0 %}
{% endif %}
{{ bos_token }}
{% for message in messages[offset:] %}
  {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
    {{ raise_exception('roles must take turns') }}
  {% endif %}
  {% if message['role'] == 'user' %}
[INST] {{ (messages[0]['content'].strip() + '\n\n' if offset and loop.first else '') + message['content'].strip() }} [/INST]
  {%- elif message['role'] == 'assistant' %}
 {{ message['content'] | trim }}{{ eos_token }}
  {%- endif %}
{% endfor %}
""",
    "headers, loops and namespaces": """{%- set ns = namespace(count=0, last='') -%}
{{- bos_token -}}
{%- for m in messages if m.content is defined and m.content is string -%}
    {%- set ns.count = ns.count + 1 -%}
    {{- '<|start|>' ~ m.role | upper ~ '<|end|>\\n\\n' ~ m['content'].rstrip() ~ '<|eot|>' -}}
    {%- if loop.last %}{% set ns.last = m.role %}{% endif -%}
{%- endfor -%}
{%- if add_generation_prompt %}{{ '<|start|>ASSISTANT<|end|>\\n\\n' }}{% endif -%}
""",
    "methods, filters and tests": """{% macro turn(m, i) %}{{ i }}/{{ m.role.title() }}: {{ m.content.replace('&', 'and').split('?')[0].lower() | trim }}{% if m.content.startswith('Five') %}!{% endif %}
{% endmacro %}
{% for m in messages %}
{% if m.role in ['tool', 'function'] %}{% continue %}{% endif %}
{{ turn(m, loop.index) }}
{%- if m.role == 'assistant' and not loop.last %}{{ '---' }}{% endif %}

{% endfor %}
{{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ messages[-1]['content'] | tojson }} {{ {'a': [1, 2.5, none, true]} | tojson(indent=2) }}
{% if tools is defined and tools %}tools{% else %}no tools{% endif %}{{ 'x' if add_generation_prompt else 'y' }}""",
    "marked answers": """{% for message in messages %}
    {% if message.role == 'assistant' %}
        <|assistant|>
        {% generation %}
{{ message.content }}{{ eos_token }}
        {% endgeneration %}
    {% else %}
<|{{ message.role }}|>
{{ message.content }}
    {% endif %}
{% endfor %}
{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}
""",
    "marked answers, trimmed": "{{- bos_token -}}{%- for m in messages -%}{{- m.role -}}:{%- if m.role == 'assistant' -%}{%- generation -%} {{ m.content }}{{ eos_token }}{%- endgeneration -%}{%- else -%} {{ m.content }}{%- endif -%}\n{%- endfor -%}",
}


def render(template, messages, add, marked):
    texts, spans = render_jinja_template(
        conversations=[messages],
        chat_template=template,
        add_generation_prompt=add,
        return_assistant_tokens_mask=marked,
        bos_token="<s>",
        eos_token="</s>",
    )
    return texts[0], [texts[0][start:end] for start, end in spans[0]] if marked else None


cases = []
for name, template in TEMPLATES.items():
    for messages in [TALK, TALK[1:], TALK[1:2]]:
        for add in [False, True]:
            marked = "endgeneration" in template and not add
            text, answers = render(template, messages, add, marked)
            case = {"name": name, "template": template, "messages": messages, "add_generation_prompt": add, "text": text}
            if answers is not None:
                case["answers"] = answers
            cases.append(case)
print(json.dumps(cases, ensure_ascii=False, indent=1))
